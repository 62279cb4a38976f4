#include "plane/dispatcher.h"

#include <algorithm>

#include "plane/client_pause.h"
#include "plane/control_desk.h"
#include "plane/joiner.h"
#include "plane/lanes.h"
#include "plane/local_answers.h"
#include "plane/monitors.h"
#include "plane/pubsub.h"
#include "plane/readers.h"
#include "plane/replies.h"
#include "plane/scripts.h"
#include "plane/tracking.h"
#include "plane/transactions.h"

namespace slotgate {

namespace {

constexpr std::string_view kNoAuth = "-NOAUTH Authentication required.\r\n";
constexpr Command kUnknownCommand{};
constexpr std::size_t kHintsMost = 1000;

}  // namespace

std::uint32_t Dispatcher::append_unknown(Client& client) {
  const std::uint32_t index = append(client, kUnknownCommand, client.home_slot, 0);
  client.last_command = kNoCommand;
  return index;
}

void Dispatcher::silence(Client& client, Request& request) noexcept {
  request.flags |= kReqSilent;
  if (client.reply_mode == ReplyMode::kSkipNext) client.reply_mode = ReplyMode::kOn;
}

Link* Dispatcher::link_now(Client& client, std::uint16_t slot) {
  Database& database = *client.database;
  std::uint16_t owner = database.slots.entry(slot);
  if (owner >= SlotMap::kUnassigned) {
    if (!context_.redirector->may_pass(client, slot)) return nullptr;
    owner = database.slots.owner(slot);
  }
  return context_.links->link_for(client, *database.servers[owner]);
}

bool Dispatcher::must_drain(Client& client, Barrier barrier) noexcept {
  if (barrier != Barrier::kDrain || client.head == kNoIndex) return false;
  client.special |= kSpecialDraining;
  return true;
}

bool Dispatcher::blocks(const Command& command, Bytes frame, const std::vector<Arg>& args) const {
  if ((command.flags & kFlagBlocking) != 0) return true;
  if ((command.flags & kFlagBlocksWithToken) == 0) return false;
  const std::string_view token = command.row->block_token;
  return std::any_of(args.begin() + 1, args.end(), [&](const Arg& arg) {
    const Bytes word{frame.data + arg.offset, arg.length};
    return word.size == token.size() &&
           std::equal(token.begin(), token.end(), word.data, [](char upper, std::uint8_t given) {
             return given == static_cast<std::uint8_t>(upper) ||
                    given == static_cast<std::uint8_t>(upper | 0x20);
           });
  });
}

bool Dispatcher::stalls(Client& client, Link& link, std::size_t size) {
  const std::size_t waiting = link.stream.unanswered();
  const std::size_t most = client.database->limits().link_unanswered_bytes_max;
  // A request that is larger than the rest of the room must not starve behind small ones.
  const bool has_room = waiting <= most / 2 || waiting + size <= most;
  if (has_room && !Lanes::is_full(link)) return false;
  client.special |= kSpecialStalled;
  link.stalled.push_back(client.index);
  return true;
}

Dispatched Dispatcher::reject(Client& client, const Command& command, std::string_view reply) {
  Transactions::fail(client);
  context_.replies->deliver_copy(append(client, command, 0, 0), reply);
  return Dispatched::kTaken;
}

Dispatched Dispatcher::dispatch_slowly(Client& client, const Command* command, Bytes frame,
                                       const std::vector<Arg>& args) {
  const bool renamed = command != nullptr && (command->flags & kFlagRenamed) != 0;
  if (renamed) renamed_.set(*command, frame, args);
  const Dispatched outcome = renamed ? begin(client, command, renamed_.frame(), renamed_.args())
                                     : begin(client, command, frame, args);
  if (outcome == Dispatched::kTaken) Tracking::command_started(client);
  return outcome;
}

Dispatched Dispatcher::begin(Client& client, const Command* command, Bytes frame,
                             const std::vector<Arg>& args) {
  if (client.in_flight >= client.window) {
    client.window_full = true;
    return Dispatched::kNotNow;
  }
  const bool before_auth = command != nullptr && (command->flags & kFlagBeforeAuth) != 0;
  if ((client.special & kSpecialUnauthenticated) != 0 && !before_auth) {
    context_.replies->deliver_static(append_unknown(client), kNoAuth);
    return Dispatched::kTaken;
  }
  if (command == nullptr) return context_.control->ask(client, nullptr, frame, args);
  if (!arity_fits(command->arity, args.size())) {
    const std::string why =
        "wrong number of arguments for '" + command->row->name + "' command\r\n";
    if (command->local == LocalAnswer::kExec)
      return context_.transactions->abort(client, *command, why);
    return reject(client, *command, "-ERR " + why);
  }
  if (is_confined(client) && (command->flags & kFlagWhileSubscribed) == 0) {
    return reject(client, *command,
                  "-ERR Can't execute '" + command->row->name +
                      "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
                      "in this context\r\n");
  }
  if (client.session && client.session->monitoring && (command->flags & kFlagKeyspace) != 0) {
    return reject(client, *command, "-ERR Replica can't interact with the keyspace\r\n");
  }
  if (client.audience->sees().restricts() && turn_away(client, *command, frame, args))
    return Dispatched::kTaken;
  if (client.database->attention != 0 && context_.pause->holds(client, *command))
    return Dispatched::kNotNow;
  const Dispatched outcome = take(client, *command, frame, args);
  if ((client.database->attention & kAttentionReaders) != 0 && outcome == Dispatched::kTaken)
    context_.readers->note_started(client, *command);
  // Control commands are shown when they are answered: then it is known what they changed.
  const bool now = command->route != RouteBy::kRefuse && command->route != RouteBy::kControl;
  const bool monitored = (client.database->attention & kAttentionMonitored) != 0;
  if (monitored && now && outcome == Dispatched::kTaken)
    context_.monitors->show(client, *command, frame, args);
  return outcome;
}

bool Dispatcher::turn_away(Client& client, const Command& command, Bytes frame,
                           const std::vector<Arg>& args) {
  // What ends here may end anywhere; what is refused anyway has words of its own.
  if (command.pubsub == PubSubAction::kUnsubscribe || command.route == RouteBy::kRefuse)
    return false;
  const SlotDecision decision = decide_slot(command, frame, args, keys_);
  switch (decision.verdict) {
    case SlotVerdict::kNoKeys:
      return false;
    case SlotVerdict::kManySlots:
      refuse_many_slots(client, command);
      return true;
    case SlotVerdict::kOneSlot:
      break;
  }
  if (!client.audience->is_elsewhere(decision.slot)) return false;
  context_.counters->moved_answered.add();
  reject(client, command, client.audience->moved_reply(decision.slot));
  return true;
}

Dispatched Dispatcher::refuse_many_slots(Client& client, const Command& command) {
  context_.counters->crossslot.add();
  hint(PlaneEvent::Kind::kCrossSlotAnswered, client, command);
  return reject(client, command, kCrossSlotReply);
}

Dispatched Dispatcher::take(Client& client, const Command& command, Bytes frame,
                            const std::vector<Arg>& args) {
  const bool queues =
      client.session && client.session->transaction && (command.flags & kFlagNeverQueued) == 0;
  if (queues && command.route != RouteBy::kRefuse)
    return context_.transactions->queue(client, command, frame, args);
  if (must_drain(client, command.barrier)) return Dispatched::kNotNow;
  switch (command.route) {
    case RouteBy::kLocal:
      return answer_locally(context_, client, command, frame, args);
    case RouteBy::kControl:
      return context_.control->ask(client, &command, frame, args);
    case RouteBy::kRefuse:
      return reject(client, command, command.row->ready_reply);
    case RouteBy::kKeyless:
      return send_to_slot(client, command, frame, args, client.home_slot,
                          static_cast<std::uint16_t>(command_flags(command) | kReqKeyless));
    case RouteBy::kPubSub:
      return context_.pubsub->dispatch(client, command, frame, args);
    case RouteBy::kKeys:
      break;
  }
  return dispatch_keyed(client, command, frame, args);
}

Dispatched Dispatcher::dispatch_keyed(Client& client, const Command& command, Bytes frame,
                                      const std::vector<Arg>& args) {
  if (blocks(command, frame, args)) return context_.control->ask(client, &command, frame, args);
  const SlotDecision decision = decide_slot(command, frame, args, keys_);
  switch (decision.verdict) {
    case SlotVerdict::kOneSlot:
      if (Link* reader = reader_for(client, command, decision.slot))
        return send_read(client, command, frame, decision.slot, *reader);
      return send_to_slot(client, command, frame, args, decision.slot, command_flags(command));
    case SlotVerdict::kNoKeys:
      return send_to_slot(client, command, frame, args, client.home_slot,
                          static_cast<std::uint16_t>(command_flags(command) | kReqKeyless));
    case SlotVerdict::kManySlots:
      break;
  }
  if (command.split != Split::kNone) return split(client, command, frame, args);
  return refuse_many_slots(client, command);
}

void Dispatcher::hint(PlaneEvent::Kind kind, const Client& client, const Command& command) {
  std::string library = client.names ? client.names->library : std::string();
  // Libraries name themselves as they like: what is remembered is bounded.
  if (hinted_.size() >= kHintsMost || !hinted_.insert(command.row->name + " " + library).second) {
    return;
  }
  PlaneEvent event;
  event.kind = kind;
  event.database = client.database->id;
  event.text = command.row->name;
  event.label = std::move(library);
  context_.up.events.push_back(std::move(event));
}

Dispatched Dispatcher::send_to_slot(Client& client, const Command& command, Bytes frame,
                                    const std::vector<Arg>& args, std::uint16_t slot,
                                    std::uint16_t flags) {
  if (context_.readers->must_wait(client, slot, flags)) return Dispatched::kNotNow;
  Link* link = link_now(client, slot);
  if (link != nullptr) {
    if (stalls(client, *link, frame.size)) return Dispatched::kNotNow;
    const std::uint32_t index = append(client, command, slot, flags);
    if (Scripts::concerns(command)) {
      context_.requests[index].part = 0;
      context_.scripts->prepare(*link, index, command, frame, args);
    }
    context_.links->send(*link, index, frame);
    return Dispatched::kTaken;
  }
  const std::uint32_t index = append(client, command, slot, flags);
  Request& request = context_.requests[index];
  request.part = 0;
  request.owned = request_bytes(frame.size);
  std::copy_n(frame.data, frame.size, request.owned.get());
  request.length = static_cast<std::uint32_t>(frame.size);
  context_.redirector->hold(index);
  return Dispatched::kTaken;
}

Link* Dispatcher::reader_for(Client& client, const Command& command, std::uint16_t slot) {
  if ((client.database->attention & kAttentionReaders) == 0 ||
      (command.flags & kFlagAtReplica) == 0) {
    return nullptr;
  }
  // Of several keys that are not told apart in the reply, one may be missing at the replica.
  const bool tells =
      command.shape == KeyShape::kOne || command.split != Split::kNone || keys_.indexes.size() == 1;
  return tells ? context_.readers->link_for(client, slot) : nullptr;
}

Dispatched Dispatcher::send_read(Client& client, const Command& command, Bytes frame,
                                 std::uint16_t slot, Link& reader) {
  const std::uint32_t index = append(client, command, slot, command_flags(command));
  context_.links->send(reader, index, frame);
  context_.readers->note_read(client, slot, context_.requests[index].arrival);
  return Dispatched::kTaken;
}

Dispatched Dispatcher::split(Client& client, const Command& command, Bytes frame,
                             const std::vector<Arg>& args) {
  const std::uint16_t flags = command_flags(command);
  if (context_.readers->must_wait(client, 0, static_cast<std::uint16_t>(flags | kReqKeyless)))
    return Dispatched::kNotNow;
  // A request is taken whole or not at all: any link that is at its cap stalls it.
  for (const auto& server : client.database->servers) {
    Link* link = Links::present_link(client, *server);
    if (link != nullptr && stalls(client, *link, frame.size)) return Dispatched::kNotNow;
  }
  const std::uint32_t parent = append(client, command, 0, flags);
  if (!context_.joiner->split(client, parent, command, frame, args)) {
    context_.replies->deliver_copy(
        parent, "-ERR wrong number of arguments for '" + command.row->name + "' command\r\n");
  }
  return Dispatched::kTaken;
}

}  // namespace slotgate
