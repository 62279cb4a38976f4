// Which topics a hub has, and where each is to be subscribed. pubsub_upstream.cc is the half that
// talks to servers.
#include "plane/pubsub_hub.h"

#include <algorithm>

#include "core/glob.h"
#include "plane/pubsub.h"
#include "plane/refusal.h"

namespace slotgate {

namespace {

/// A topic without holders, and a link without topics, are kept this long.
constexpr std::uint64_t kTopicRestMs = 1000;
constexpr std::uint64_t kLinkRestMs = 10000;

bool may_be_of_keyspace(PubSubFamily family, std::string_view name) {
  if (family == PubSubFamily::kShard) return false;
  const std::string prefix =
      family == PubSubFamily::kPattern ? glob_prefix(name) : std::string(name);
  return std::any_of(kKeyspacePrefixes.begin(), kKeyspacePrefixes.end(), [&](auto keyspace) {
    const bool may_grow = family == PubSubFamily::kPattern && keyspace.starts_with(prefix);
    return may_grow || prefix.starts_with(keyspace);
  });
}

}  // namespace

PubSubTopic* PubSubHub::find(PubSubFamily family, std::string_view name) {
  Topics& all = topics(family);
  const auto it = all.find(name);
  return it == all.end() ? nullptr : &it->second;
}

PubSubTopic& PubSubHub::hold(PubSubFamily family, std::string_view name) {
  PubSubTopic* topic = find(family, name);
  if (topic == nullptr) {
    topic = &topics(family)[std::string(name)];
    topic->hub = this;
    topic->name = name;
    topic->family = family;
    topic->of_keyspace = may_be_of_keyspace(family, name);
    if (family == PubSubFamily::kShard) topic->slot = slot_for_key(bytes_of(name));
    if (home_ == SlotMap::kUnassigned) home_ = home_wanted();
    if (is_primary_.empty()) list_primaries();
  }
  ++topic->holders;
  return *topic;
}

void PubSubHub::await(PubSubTopic& topic, std::uint32_t client) {
  if (!topic.to_ask) {
    topic.to_ask = true;
    ++topic.last_ticket;
    to_ask_.push_back(&topic);
  }
  topic.waiting.push_back({client, topic.last_ticket});
}

void PubSubHub::run() {
  std::vector<PubSubTopic*> to_ask;
  to_ask.swap(to_ask_);
  for (PubSubTopic* const topic : to_ask) {
    topic->to_ask = false;
    ask_everywhere(*topic);
  }
  if (stale_) reconcile();
}

void PubSubHub::release(PubSubTopic& topic) {
  if (--topic.holders != 0) return;
  topic.resting_since_ms = context_.now_ms;
  if (topic.resting) return;
  topic.resting = true;
  resting_.push_back(&topic);
}

std::uint16_t PubSubHub::home_wanted() const noexcept {
  const std::uint16_t owner = database_.slots.owner(kPubSubHomeSlot);
  return owner == SlotMap::kUnassigned ? home_ : owner;
}

void PubSubHub::choose_home() {
  const std::uint16_t wanted = home_wanted();
  if (wanted == home_) return;
  if (is_ready(home_)) {
    // The old home serves until the new one has everything: messages come from one at a time.
    const PubSubUpstream* next = find_upstream(wanted);
    for (const PubSubFamily family : {PubSubFamily::kChannel, PubSubFamily::kPattern}) {
      const std::size_t confirmed =
          next == nullptr ? 0 : next->confirmed[static_cast<std::size_t>(family)];
      if (confirmed != topics(family).size()) return;
    }
  }
  home_ = wanted;
  stale_ = true;
}

void PubSubHub::list_primaries() {
  is_primary_.assign(database_.servers.size(), false);
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
    const std::uint16_t owner = database_.slots.owner(static_cast<std::uint16_t>(slot));
    if (owner != SlotMap::kUnassigned) is_primary_[owner] = true;
  }
}

bool PubSubHub::needs(const PubSubTopic& topic, std::uint16_t server) const {
  if (topic.family == PubSubFamily::kShard) return database_.slots.owner(topic.slot) == server;
  return server == home_ || server == home_wanted() ||
         (topic.of_keyspace && server < is_primary_.size() && is_primary_[server]);
}

void PubSubHub::ask_everywhere(PubSubTopic& topic) {
  if (topic.family == PubSubFamily::kShard) {
    ask(database_.slots.owner(topic.slot), topic);
    return;
  }
  ask(home_, topic);
  if (home_wanted() != home_) ask(home_wanted(), topic);
  if (!topic.of_keyspace) return;
  for (std::size_t server = 0; server < is_primary_.size(); ++server) {
    if (is_primary_[server]) ask(static_cast<std::uint16_t>(server), topic);
  }
}

bool PubSubHub::is_live(const PubSubTopic& topic, std::uint64_t ticket) const {
  if (topic.family == PubSubFamily::kShard) {
    return is_confirmed(database_.slots.owner(topic.slot), topic, ticket);
  }
  if (!is_confirmed(home_, topic, ticket)) return false;
  if (!topic.of_keyspace) return true;
  for (std::size_t i = 0; i < is_primary_.size(); ++i) {
    const auto server = static_cast<std::uint16_t>(i);
    const PubSubUpstream* upstream = find_upstream(server);
    // A primary that cannot be reached now is not waited for: its own clients would not be, either.
    const bool reachable = is_primary_[server] && upstream != nullptr && upstream->link != nullptr;
    if (reachable && !is_confirmed(server, topic, ticket)) return false;
  }
  return true;
}

std::string PubSubHub::reason(const PubSubTopic& topic) const {
  const std::uint16_t server =
      topic.family == PubSubFamily::kShard ? database_.slots.owner(topic.slot) : home_;
  if (server == SlotMap::kUnassigned) return "-CLUSTERDOWN Hash slot not served\r\n";
  const PubSubUpstream* upstream = find_upstream(server);
  if (upstream != nullptr && !upstream->refusal.empty()) {
    return shown_refusal(upstream->refusal, topic.slot);
  }
  const Server& at = *database_.servers[server];
  return "-CLUSTERDOWN no connection to " + at.entry.label + ": " +
         (at.last_failure.empty() ? "not connected yet" : at.last_failure) + "\r\n";
}

void PubSubHub::wake_if_live(PubSubTopic& topic) {
  std::vector<std::uint32_t> clients;
  for (const PubSubTopic::Waiting& one : topic.waiting) {
    if (!is_live(topic, one.ticket)) break;
    clients.push_back(one.client);
  }
  topic.waiting.erase(topic.waiting.begin(), topic.waiting.begin() + std::ssize(clients));
  for (const std::uint32_t client : clients) context_.pubsub->topic_live(client);
}

void PubSubHub::reconcile() {
  stale_ = false;
  waiting_ = false;
  list_primaries();
  choose_home();
  for (Topics& all : topics_) {
    for (auto& [name, topic] : all) ask_everywhere(topic);
  }
  for (const auto& [server, upstream] : upstreams_) drop_unneeded(*upstream);
  for (Topics& all : topics_) {
    for (auto& [name, topic] : all) wake_if_live(topic);
  }
}

bool PubSubHub::tick() {
  std::erase_if(resting_, [&](PubSubTopic* topic) {
    if (topic->to_ask ||
        (topic->holders == 0 && context_.now_ms - topic->resting_since_ms < kTopicRestMs)) {
      return false;
    }
    topic->resting = false;
    if (topic->holders != 0) return true;
    for (const auto& [server, upstream] : upstreams_) {
      unsubscribe(*upstream, topic->family, topic->name);
    }
    topics(topic->family).erase(topics(topic->family).find(topic->name));
    return true;
  });
  std::erase_if(upstreams_, [&](const auto& entry) {
    PubSubUpstream& upstream = *entry.second;
    if (!upstream.empty()) {
      upstream.unused_since_ms = 0;
      return false;
    }
    if (upstream.unused_since_ms == 0) upstream.unused_since_ms = context_.now_ms;
    const bool rested = context_.now_ms - upstream.unused_since_ms >= kLinkRestMs;
    if (upstream.link != nullptr && rested) close(upstream);
    return upstream.link == nullptr && rested;
  });
  if (waiting_) stale_ = true;
  return upstreams_.empty() && topics_[0].empty() && topics_[1].empty() && topics_[2].empty();
}

}  // namespace slotgate
