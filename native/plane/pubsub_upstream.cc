// The half of PubSubHub that talks to servers.
#include <algorithm>

#include "plane/links.h"
#include "plane/pubsub.h"
#include "plane/pubsub_census.h"
#include "plane/pubsub_hub.h"
#include "plane/redirector.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

/// Of a topic; whoever confirmed it, or a later one, has the topic.
constexpr std::uint64_t kFirstTicket = 1;

constexpr std::size_t index_of(PubSubFamily family) noexcept {
  return static_cast<std::size_t>(family);
}

bool is_answer(const PubSubUpstream::Sent& sent, const PubSubPush& push) noexcept {
  const PubSubAction action = push.kind == PubSubPush::Kind::kSubscribed
                                  ? PubSubAction::kSubscribe
                                  : PubSubAction::kUnsubscribe;
  return sent.action == action && sent.family == push.family && sent.name == push.name;
}

}  // namespace

PubSubUpstream& PubSubHub::upstream(std::uint16_t server) {
  std::unique_ptr<PubSubUpstream>& found = upstreams_[server];
  if (!found) {
    found = std::make_unique<PubSubUpstream>();
    found->hub = this;
    found->server = database_.servers[server].get();
  }
  return *found;
}

const PubSubUpstream* PubSubHub::find_upstream(std::uint16_t server) const {
  const auto it = upstreams_.find(server);
  return it == upstreams_.end() ? nullptr : it->second.get();
}

bool PubSubHub::is_ready(std::uint16_t server) const {
  const PubSubUpstream* found = find_upstream(server);
  return found != nullptr && found->link != nullptr && found->link->state == LinkState::kReady;
}

bool PubSubHub::is_confirmed(std::uint16_t server, const PubSubTopic& topic,
                             std::uint64_t ticket) const {
  const PubSubUpstream* found = find_upstream(server);
  if (found == nullptr) return false;
  const auto& asked = found->topics[index_of(topic.family)];
  const auto it = asked.find(topic.name);
  return it != asked.end() && it->second.confirmed >= ticket;
}

bool PubSubHub::connect(PubSubUpstream& upstream) {
  if (upstream.link != nullptr) return true;
  upstream.link = context_.links->open_subscription(database_, *upstream.server, user_);
  if (upstream.link == nullptr) return false;
  upstream.link->subscription = &upstream;
  return true;
}

void PubSubHub::ask(std::uint16_t server, PubSubTopic& topic) {
  if (server == SlotMap::kUnassigned) return;  // the topology that names one makes the hub stale
  PubSubUpstream& at = upstream(server);
  auto& asked = at.topics[index_of(topic.family)];
  const auto it = asked.find(topic.name);
  if (it != asked.end() && it->second.last == topic.last_ticket) return;
  if (at.retry_at_ms > context_.now_ms || !connect(at)) {
    waiting_ = true;
    return;
  }
  if (at.link->state != LinkState::kReady) return;
  const std::uint64_t ticket = topic.last_ticket;
  if (it == asked.end()) {
    asked.emplace(topic.name, PubSubUpstream::Asked{ticket, ticket, 0});
  } else {
    it->second.last = ticket;
  }
  send(at, {PubSubAction::kSubscribe, topic.family, topic.name, ticket, false});
}

void PubSubHub::send(PubSubUpstream& upstream, PubSubUpstream::Sent sent) {
  const std::string frame = sent.action == PubSubAction::kNone
                                ? "*1\r\n$4\r\nPING\r\n"
                                : subscription_request(sent.action, sent.family, sent.name);
  upstream.sent.push_back(std::move(sent));
  context_.links->send_more(*upstream.link, bytes_of(frame));
}

void PubSubHub::ping(PubSubUpstream& upstream) { send(upstream, {}); }

void PubSubHub::unsubscribe(PubSubUpstream& upstream, PubSubFamily family,
                            const std::string& name) {
  auto& asked = upstream.topics[index_of(family)];
  const auto it = asked.find(name);
  if (it == asked.end()) return;
  const bool was_confirmed = it->second.confirmed != 0;
  if (was_confirmed) --upstream.confirmed[index_of(family)];
  asked.erase(it);
  send(upstream, {PubSubAction::kUnsubscribe, family, name, 0, was_confirmed});
}

void PubSubHub::drop_unneeded(PubSubUpstream& upstream) {
  for (std::size_t i = 0; i < kPubSubFamilies; ++i) {
    const auto family = static_cast<PubSubFamily>(i);
    std::vector<std::string> unneeded;
    for (const auto& [name, asked] : upstream.topics[i]) {
      const PubSubTopic* topic = find(family, name);
      if (topic == nullptr || !needs(*topic, upstream.server->index)) unneeded.push_back(name);
    }
    for (const std::string& name : unneeded) unsubscribe(upstream, family, name);
  }
}

void PubSubHub::count(const PubSubUpstream& upstream, PubSubFamily family, const std::string& name,
                      std::int32_t by) {
  census_.add_link(database_.id, family, name, census_name(upstream.server->entry), by);
}

void PubSubHub::forget_asked(PubSubUpstream& upstream, PubSubFamily family,
                             const std::string& name) {
  auto& asked = upstream.topics[index_of(family)];
  const auto it = asked.find(name);
  if (it == asked.end()) return;
  if (it->second.confirmed != 0) {
    --upstream.confirmed[index_of(family)];
    count(upstream, family, name, -1);
  }
  asked.erase(it);
}

void PubSubHub::forget_all(PubSubUpstream& upstream) {
  for (std::size_t i = 0; i < kPubSubFamilies; ++i) {
    for (const auto& [name, asked] : upstream.topics[i]) {
      if (asked.confirmed != 0) count(upstream, static_cast<PubSubFamily>(i), name, -1);
    }
    upstream.topics[i].clear();
  }
  for (const PubSubUpstream::Sent& sent : upstream.sent) {
    if (sent.counted) count(upstream, sent.family, sent.name, -1);
  }
  upstream.sent.clear();
  upstream.confirmed.fill(0);
  upstream.link = nullptr;
}

void PubSubHub::close(PubSubUpstream& upstream) {
  Link& link = *upstream.link;
  forget_all(upstream);
  context_.links->abandon(link, kNoIndex);
}

void PubSubHub::link_ready(PubSubUpstream& upstream) {
  upstream.refusal.clear();
  stale_ = true;
}

void PubSubHub::link_lost(PubSubUpstream& upstream) {
  forget_all(upstream);
  stale_ = true;
}

bool PubSubHub::takes(const PubSubUpstream& upstream, const PubSubTopic& topic,
                      const PubSubPush& push) const {
  const std::uint16_t server = upstream.server->index;
  if (topic.family == PubSubFamily::kShard) {
    // A former owner that hung passes on what it finds in its sockets, to the new one as well.
    const std::uint16_t owner = database_.slots.owner(topic.slot);
    return server == owner || !is_confirmed(owner, topic, kFirstTicket);
  }
  if (server == home_) return true;
  return std::any_of(kKeyspacePrefixes.begin(), kKeyspacePrefixes.end(),
                     [&](auto prefix) { return push.channel.starts_with(prefix); });
}

void PubSubHub::pushed(PubSubUpstream& upstream, std::string_view frame) {
  const PubSubPush push = parse_pubsub_push(frame);
  if (push.kind == PubSubPush::Kind::kOther) return;
  if (push.kind != PubSubPush::Kind::kMessage) {
    answered(upstream, push);
    return;
  }
  PubSubTopic* topic = find(push.family, push.name);
  if (topic != nullptr && takes(upstream, *topic, push)) context_.pubsub->deliver(*topic, frame);
}

void PubSubHub::answered(PubSubUpstream& upstream, const PubSubPush& push) {
  if (upstream.sent.empty() || !is_answer(upstream.sent.front(), push)) {
    // Not an answer: the slot has left the server, and the channel with it.
    if (push.kind != PubSubPush::Kind::kUnsubscribed) return;
    forget_asked(upstream, push.family, std::string(push.name));
    stale_ = true;
    return;
  }
  const PubSubUpstream::Sent sent = std::move(upstream.sent.front());
  upstream.sent.pop_front();
  if (sent.action == PubSubAction::kSubscribe) {
    confirmed(upstream, sent);
  } else if (sent.counted) {
    count(upstream, sent.family, sent.name, -1);
  }
}

void PubSubHub::confirmed(PubSubUpstream& upstream, const PubSubUpstream::Sent& sent) {
  upstream.backoff_ms = 0;
  upstream.refusal.clear();
  auto& asked = upstream.topics[index_of(sent.family)];
  const auto it = asked.find(sent.name);
  if (it == asked.end() || sent.ticket < it->second.first) return;
  if (it->second.confirmed == 0) {
    ++upstream.confirmed[index_of(sent.family)];
    count(upstream, sent.family, sent.name, 1);
  }
  it->second.confirmed = sent.ticket;
  choose_home();
  if (PubSubTopic* topic = find(sent.family, sent.name)) wake_if_live(*topic);
}

void PubSubHub::replied(PubSubUpstream& upstream, std::string_view line) {
  if (upstream.sent.empty()) return;
  const PubSubUpstream::Sent sent = std::move(upstream.sent.front());
  upstream.sent.pop_front();
  if (sent.counted) count(upstream, sent.family, sent.name, -1);
  if (sent.action == PubSubAction::kSubscribe) refused(upstream, sent, line);
}

void PubSubHub::refused(PubSubUpstream& upstream, const PubSubUpstream::Sent& sent,
                        std::string_view line) {
  const auto& asked = upstream.topics[index_of(sent.family)];
  const auto it = asked.find(sent.name);
  if (it == asked.end() || sent.ticket < it->second.first) return;
  const Refusal refusal = parse_refusal(line);
  // What is refused again because rights are missing was not taken away from those who have it.
  const bool stays = refusal.kind == RefusalKind::kNone && it->second.confirmed != 0;
  if (!stays) forget_asked(upstream, sent.family, sent.name);
  PubSubTopic* topic = find(sent.family, sent.name);
  if (topic == nullptr) return;
  if (refusal.kind == RefusalKind::kNone) {
    context_.pubsub->topic_refused(*topic, sent.ticket, line, !stays);
    return;
  }
  if (refusal.kind == RefusalKind::kMoved || refusal.kind == RefusalKind::kAsk) {
    (void)context_.redirector->redirect_target(*upstream.link, topic->slot, refusal);
  }
  upstream.refusal = with_crlf(line);
  upstream.backoff_ms = std::clamp(upstream.backoff_ms * 2, kBackoffFirstMs, kBackoffMostMs);
  upstream.retry_at_ms = context_.now_ms + upstream.backoff_ms;
  stale_ = true;
}

}  // namespace slotgate
