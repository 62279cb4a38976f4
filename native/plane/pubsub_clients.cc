// What clients subscribe to.
#include <algorithm>
#include <unordered_set>

#include "plane/clients.h"
#include "plane/leases.h"
#include "plane/pubsub.h"
#include "plane/replies.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

std::string_view word(Bytes frame, const Arg& arg) noexcept {
  return Bytes{frame.data + arg.offset, arg.length}.text();
}

bool in_one_slot(Bytes frame, const std::vector<Arg>& args) noexcept {
  const std::uint16_t slot = slot_for_key(bytes_of(word(frame, args[1])));
  return std::all_of(args.begin() + 2, args.end(), [&](const Arg& arg) {
    return slot_for_key(bytes_of(word(frame, arg))) == slot;
  });
}

Subscriptions& subscriptions_of(Client& client) {
  ClientSession& session = Leases::session_of(client);
  if (!session.subscriptions) session.subscriptions = std::make_unique<Subscriptions>();
  return *session.subscriptions;
}

void end_if_none(Client& client) {
  const Subscriptions& own = *client.session->subscriptions;
  if (own.any() || own.pending) return;
  client.session->subscriptions.reset();
  Leases::end_session_if_idle(client);
}

}  // namespace

PubSubHub& PubSub::hub_of(Client& client) {
  for (const auto& hub : hubs_) {
    if (&hub->database() == client.database && hub->user() == client.user) return *hub;
  }
  return *hubs_.emplace_back(
      std::make_unique<PubSubHub>(context_, census_, *client.database, client.user));
}

Dispatched PubSub::subscribe(Client& client, const Command& command, Bytes frame,
                             const std::vector<Arg>& args) {
  if (command.family == PubSubFamily::kShard && !in_one_slot(frame, args)) {
    return context_.dispatcher->refuse_many_slots(client, command);
  }
  const PendingSubscription& pending = gather(client, command, frame, args);
  client.special |= kSpecialAwaiting;
  if (pending.remaining == 0) {
    finish(client);
  } else {
    awaiting_.push_back({client.index, client.id});
  }
  return Dispatched::kTaken;
}

PendingSubscription& PubSub::gather(Client& client, const Command& command, Bytes frame,
                                    const std::vector<Arg>& args) {
  Subscriptions& own = subscriptions_of(client);
  own.pending = std::make_unique<PendingSubscription>();
  PendingSubscription& pending = *own.pending;
  pending.family = command.family;
  pending.deadline_ms = context_.now_ms + client.database->limits().hold_timeout_ms;
  pending.request = context_.dispatcher->append(client, command, 0, 0);
  context_.requests[pending.request].state = RequestState::kSubscribing;
  PubSubHub& hub = hub_of(client);
  std::unordered_set<const PubSubTopic*> seen;
  for (auto arg = args.begin() + 1; arg != args.end(); ++arg) {
    const std::string_view name = word(frame, *arg);
    if (const auto it = own.of(command.family).find(name); it != own.of(command.family).end()) {
      pending.asked.push_back(it->second);
      continue;
    }
    PubSubTopic& topic = hub.hold(command.family, name);
    pending.asked.push_back(&topic);
    if (!seen.insert(&topic).second) {
      hub.release(topic);
      continue;
    }
    pending.held.push_back(&topic);
    hub.await(topic, client.index);
  }
  pending.remaining = pending.held.size();
  return pending;
}

void PubSub::topic_live(std::uint32_t index) {
  Client& client = context_.clients[index];
  if (--client.session->subscriptions->pending->remaining == 0) finish(client);
}

void PubSub::topic_refused(PubSubTopic& topic, std::uint64_t ticket, std::string_view line,
                           bool lost) {
  const std::vector<PubSubTopic::Waiting> waiting = topic.waiting;
  for (const PubSubTopic::Waiting& one : waiting) {
    if (one.ticket <= ticket) fail(context_.clients[one.client], line);
  }
  if (!lost) return;
  const std::vector<std::uint32_t> subscribers = topic.subscribers;
  for (const std::uint32_t index : subscribers) {
    context_.client_io->close(context_.clients[index]);
  }
}

void PubSub::finish(Client& client) {
  Subscriptions& own = *client.session->subscriptions;
  const std::unique_ptr<PendingSubscription> pending = std::move(own.pending);
  std::string reply;
  for (PubSubTopic* const topic : pending->asked) {
    if (own.of(pending->family).emplace(topic->name, topic).second) {
      topic->subscribers.push_back(client.index);
      census_.add_client(client.database->id, topic->family, topic->name, 1);
    }
    reply += subscription_reply(client.protocol, PubSubAction::kSubscribe, pending->family,
                                topic->name, own.told_count(pending->family));
  }
  context_.client_io->resume(client, kSpecialAwaiting);
  confirm(pending->request, reply);
}

void PubSub::confirm(std::uint32_t request, std::string_view reply) {
  std::uint16_t& flags = context_.requests[request].flags;
  flags = static_cast<std::uint16_t>(flags & ~kReqSilent);
  context_.replies->deliver_copy(request, reply);
}

void PubSub::fail(Client& client, std::string_view line) {
  const std::uint32_t request = client.session->subscriptions->pending->request;
  drop_pending(client);
  end_if_none(client);
  context_.client_io->resume(client, kSpecialAwaiting);
  context_.replies->deliver_copy(request, with_crlf(line));
}

void PubSub::drop_pending(Client& client) {
  const std::unique_ptr<PendingSubscription> pending =
      std::move(client.session->subscriptions->pending);
  for (PubSubTopic* const topic : pending->held) {
    std::erase_if(topic->waiting, [&](const auto& one) { return one.client == client.index; });
    topic->hub->release(*topic);
  }
}

Dispatched PubSub::unsubscribe(Client& client, const Command& command, Bytes frame,
                               const std::vector<Arg>& args) {
  Subscriptions& own = subscriptions_of(client);
  Subscriptions::Topics& topics = own.of(command.family);
  std::vector<std::string> names;
  for (auto arg = args.begin() + 1; arg != args.end(); ++arg) {
    names.emplace_back(word(frame, *arg));
  }
  if (names.empty()) {
    for (const auto& [name, topic] : topics) names.emplace_back(name);
  }
  const auto say = [&](std::optional<std::string_view> name) {
    return subscription_reply(client.protocol, PubSubAction::kUnsubscribe, command.family, name,
                              own.told_count(command.family));
  };
  std::string reply;
  for (const std::string& name : names) {
    if (const auto it = topics.find(name); it != topics.end()) {
      PubSubTopic& topic = *it->second;
      topics.erase(it);
      leave(client, topic);
    }
    reply += say(name);
  }
  if (names.empty()) reply = say(std::nullopt);
  end_if_none(client);
  confirm(context_.dispatcher->append(client, command, 0, 0), reply);
  return Dispatched::kTaken;
}

void PubSub::leave(Client& client, PubSubTopic& topic) {
  std::erase(topic.subscribers, client.index);
  census_.add_client(client.database->id, topic.family, topic.name, -1);
  topic.hub->release(topic);
}

void PubSub::forget(Client& client) {
  if (!client.session || !client.session->subscriptions) return;
  Subscriptions& own = *client.session->subscriptions;
  if (own.pending) drop_pending(client);
  for (const Subscriptions::Topics& topics : own.topics) {
    for (const auto& [name, topic] : topics) leave(client, *topic);
  }
  client.session->subscriptions.reset();
}

void PubSub::fail_if_elsewhere(Client& client) {
  const PendingSubscription* const pending = client.session->subscriptions->pending.get();
  if (pending == nullptr || pending->family != PubSubFamily::kShard) return;
  const std::uint16_t slot = pending->asked.front()->slot;  // of all of them
  if (!client.audience->is_elsewhere(slot)) return;
  context_.counters->moved_answered.add();
  fail(client, client.audience->moved_reply(slot));
}

std::size_t PubSub::leave_elsewhere(Client& client) {
  if (!client.session || !client.session->subscriptions) return 0;
  fail_if_elsewhere(client);
  if (!client.session || !client.session->subscriptions) return 0;
  Subscriptions& own = *client.session->subscriptions;
  Subscriptions::Topics& topics = own.of(PubSubFamily::kShard);
  std::vector<PubSubTopic*> elsewhere;
  for (const auto& [name, topic] : topics) {
    if (client.audience->is_elsewhere(topic->slot)) elsewhere.push_back(topic);
  }
  std::size_t entries = topics.size();
  if (elsewhere.empty()) return entries;
  std::string told;
  for (PubSubTopic* const topic : elsewhere) {
    entries += topic->subscribers.size();
    topics.erase(topic->name);
    leave(client, *topic);
    told += subscription_reply(client.protocol, PubSubAction::kUnsubscribe, PubSubFamily::kShard,
                               topic->name, own.told_count(PubSubFamily::kShard));
  }
  end_if_none(client);
  context_.client_io->push(client, told);
  return entries;
}

void PubSub::expire() {
  std::erase_if(awaiting_, [&](const Awaiting& awaiting) {
    Client* client = context_.client_io->find(awaiting.client, awaiting.client_id);
    if (client == nullptr || !client->session || !client->session->subscriptions) return true;
    const PendingSubscription* pending = client->session->subscriptions->pending.get();
    if (pending == nullptr) return true;
    if (context_.now_ms < pending->deadline_ms) return false;
    const auto late = std::find_if(pending->held.begin(), pending->held.end(), [&](auto* topic) {
      return std::any_of(topic->waiting.begin(), topic->waiting.end(),
                         [&](const auto& one) { return one.client == client->index; });
    });
    fail(*client, (*late)->hub->reason(**late));
    return true;
  });
}

}  // namespace slotgate
