// Messages, PUBLISH, and upkeep. pubsub_clients.cc is what clients subscribe to.
#include "plane/pubsub.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/reply_text.h"

namespace slotgate {

Dispatched PubSub::dispatch(Client& client, const Command& command, Bytes frame,
                            const std::vector<Arg>& args) {
  switch (command.pubsub) {
    case PubSubAction::kSubscribe:
      return subscribe(client, command, frame, args);
    case PubSubAction::kUnsubscribe:
      return unsubscribe(client, command, frame, args);
    case PubSubAction::kPublish:
    case PubSubAction::kNone:  // no row has it with this route: see check_row()
      break;
  }
  return publish(client, command, frame, args);
}

Dispatched PubSub::publish(Client& client, const Command& command, Bytes frame,
                           const std::vector<Arg>& args) {
  const Arg& channel = args[1];
  const bool shard = command.family == PubSubFamily::kShard;
  const std::uint16_t slot =
      shard ? slot_for_key({frame.data + channel.offset, channel.length}) : kPubSubHomeSlot;
  const int flags = Dispatcher::command_flags(command) | kReqReceivers | (shard ? 0 : kReqKeyless);
  return context_.dispatcher->send_to_slot(client, command, frame, args, slot,
                                           static_cast<std::uint16_t>(flags));
}

std::string PubSub::corrected(const Link& link, const Request& request, Bytes frame,
                              std::string_view reply) const {
  std::int64_t receivers = 0;
  RequestFramer framer;
  if (!census_.any() || !parse_integer_reply(reply, receivers) ||
      framer.next(frame.data, frame.size, RequestLimits{}) != FrameStatus::kComplete) {
    return std::string(reply);
  }
  const Arg& channel = framer.args()[1];
  const std::string name(Bytes{frame.data + channel.offset, channel.length}.text());
  const bool shard = link.database->commands->at(request.command).family == PubSubFamily::kShard;
  receivers += census_.receivers(link.database->id, shard, name, census_name(link.server->entry));
  return ":" + std::to_string(std::max<std::int64_t>(receivers, 0)) + "\r\n";
}

void PubSub::deliver(PubSubTopic& topic, std::string_view frame) {
  // A client that is closed by what it is sent leaves the topic.
  receivers_ = topic.subscribers;
  std::string as_array;  // RESP2 knows no pushes: the same as an array
  for (const std::uint32_t index : receivers_) {
    Client& client = context_.clients[index];
    if (client.closing) continue;
    if (client.protocol != 3 && as_array.empty()) {
      as_array = frame;
      as_array.front() = '*';
    }
    context_.client_io->push(client, client.protocol == 3 ? frame : as_array);
  }
  context_.counters->messages_delivered.add(receivers_.size());
}

void PubSub::slots_changed(const Database& database) noexcept {
  for (const auto& hub : hubs_) {
    if (&hub->database() == &database) hub->slots_changed();
  }
}

void PubSub::run() {
  for (const auto& hub : hubs_) hub->run();
}

void PubSub::tick() {
  expire();
  std::erase_if(hubs_, [](const std::unique_ptr<PubSubHub>& hub) { return hub->tick(); });
}

bool PubSub::hurried() const noexcept {
  return !awaiting_.empty() ||
         std::any_of(hubs_.begin(), hubs_.end(), [](const auto& hub) { return hub->waiting(); });
}

}  // namespace slotgate
