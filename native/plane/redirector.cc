// The refusing half of Redirector: what servers refuse, and how it is repeated.
#include "plane/redirector.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/router.h"
#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/replies.h"
#include "plane/reply_text.h"

namespace slotgate {

namespace {

/// Delays before a request that was told TRYAGAIN is repeated, by the number of times it was.
constexpr std::array<std::uint64_t, 6> kTryAgainMs = {1, 2, 5, 10, 20, 50};
constexpr std::uint32_t kBackoffFirstMs = 50;
constexpr std::uint32_t kBackoffMostMs = 1000;
/// How long a slot waits for a topology that names the server of a redirect.
constexpr std::uint64_t kUnknownRetryMs = 500;
/// A parked request that has no link looks for one no more often than this.
constexpr std::uint64_t kLinkRetryMs = 10;

std::string with_crlf(std::string_view line) { return std::string(without_crlf(line)) + "\r\n"; }

}  // namespace

void Redirector::note(PlaneEvent::Kind kind, const Database& database, std::uint16_t slot,
                      std::string_view text, bool known, const Server* server) {
  PlaneEvent event;
  event.kind = kind;
  event.database = database.id;
  event.slot = slot;
  event.text = text;
  event.known = known;
  event.count = held_;
  if (server != nullptr) {
    event.server = server->index;
    event.label = server->entry.label;
  }
  // One of a kind per turn is enough for the control plane: it refreshes everything.
  for (const PlaneEvent& other : context_.up.events) {
    if (other.kind == kind && other.database == event.database && other.text == event.text) return;
  }
  context_.up.events.push_back(std::move(event));
}

void Redirector::own_frame(Link& link, std::uint32_t index) {
  Request& request = context_.requests[index];
  auto frame = std::make_unique_for_overwrite<std::uint8_t[]>(request.length);
  std::memcpy(frame.get(), link.stream.at(request.offset), request.length);
  request.owned = std::move(frame);
  request.state = RequestState::kParked;
}

LinkFence Redirector::fence_behind(Link& link, std::uint16_t slot, std::uint32_t client) {
  LinkFence fence;
  if (client == kNoIndex) {
    // The slot is closed since the first refusal, so the fence of then covers everything.
    const auto it = link.database->queues.find(slot);
    if (it != link.database->queues.end()) {
      for (const LinkFence& other : it->second.fences) {
        if (other.link == &link && link.answered < other.sequence) return fence;
      }
    }
  }
  for (std::uint32_t i = 0; i < link.in_flight.size(); ++i) {
    Request& younger = context_.requests[link.in_flight.at(i)];
    if (younger.slot != slot || (younger.flags & kReqInternal) != 0) continue;
    if (client != kNoIndex && younger.client != client) continue;
    younger.flags |= kReqWatchOrder;
    fence = {&link, link.answered + i + 1};
    link.fenced = true;
  }
  return fence;
}

std::uint16_t Redirector::find_server(const Database& database, const Link& link,
                                      std::string_view endpoint) const {
  std::string name(endpoint);
  if (endpoint.starts_with(':')) {
    name = (link.server->entry.host.find(':') == std::string::npos
                ? link.server->entry.host
                : "[" + link.server->entry.host + "]") + name;
  }
  for (const auto& server : database.servers) {
    if (!server->listed) continue;
    const auto& names = server->entry.redirect_names;
    if (std::find(names.begin(), names.end(), name) != names.end()) return server->index;
    if (endpoint.starts_with(':') && server->entry.host == link.server->entry.host &&
        std::to_string(server->entry.port) == endpoint.substr(1)) {
      return server->index;
    }
  }
  return SlotMap::kUnassigned;
}

std::uint16_t Redirector::redirect_target(Link& link, std::uint16_t slot, const Refusal& refusal) {
  Database& database = *link.database;
  if (refusal.slot != slot) return SlotMap::kUnassigned;
  const std::uint16_t target = find_server(database, link, refusal.endpoint);
  const bool known = target != SlotMap::kUnassigned;
  note(PlaneEvent::Kind::kRedirect, database, slot, refusal.endpoint, known, link.server);
  if (refusal.kind == RefusalKind::kMoved) {
    context_.counters->redirects_moved.add();
    patch(database, slot, link, target);
  } else {
    context_.counters->redirects_ask.add();
  }
  return target;
}

void Redirector::patch(Database& database, std::uint16_t slot, const Link& link, std::uint16_t target) {
  // Only the present owner may give a slot away: an older owner's redirect says nothing new.
  if (target == SlotMap::kUnassigned || database.slots.owner(slot) != link.server->index) return;
  database.slots.set_owner(slot, target);
  database.overrides[slot] = context_.now_ms;
}

bool Redirector::refused(Link& link, std::uint32_t index, std::string_view line) {
  const Refusal refusal = parse_refusal(line);
  if (refusal.kind == RefusalKind::kNone) return false;
  Request& request = context_.requests[index];
  if (request.client == kNoIndex) {
    // Nobody waits for it; but if it was the probe of its queue, the queue needs another.
    if ((request.flags & kReqWatchOrder) != 0) probe_refused(*link.database, index);
    return false;
  }
  const bool redirect = refusal.kind == RefusalKind::kMoved || refusal.kind == RefusalKind::kAsk;
  // A script may return any words. It cannot forge a redirect, since the slot and the server must be
  // right; its other words count only if the slot is known to be in trouble.
  const bool script = (request.flags & kReqScript) != 0;
  if (script && !redirect && !link.database->queues.contains(request.slot)) return false;
  if (script && redirect && find_server(*link.database, link, refusal.endpoint) == SlotMap::kUnassigned) {
    return false;
  }
  if (redirect && ((request.flags & kReqKeyless) != 0 || refusal.slot != request.slot)) return false;
  const Database& database = database_of(request);
  const bool late = context_.turn_stamp() - request.arrived_ms >= database.limits().hold_timeout_ms;
  if (late || (refusal.kind == RefusalKind::kReadonly && request.redirects != 0)) {
    if ((request.flags & kReqWatchOrder) != 0) probe_refused(*link.database, index);
    return false;
  }
  if (request.redirects < UINT8_MAX) ++request.redirects;
  switch (refusal.kind) {
    case RefusalKind::kMoved:
      return moved(link, index, refusal, line);
    case RefusalKind::kAsk:
      return asked(link, index, refusal, line);
    case RefusalKind::kTryAgain:
      context_.counters->refused_tryagain.add();
      own_frame(link, index);
      park(link, index, RepeatHow::kTryAgain, SlotMap::kUnassigned, line);
      return true;
    case RefusalKind::kDown:
    case RefusalKind::kReadonly:
      context_.counters->refused_other.add();
      note(PlaneEvent::Kind::kRefused, database, request.slot, without_crlf(line), true, link.server);
      own_frame(link, index);
      back_off(link, index, line);
      return true;
    case RefusalKind::kNone:
      break;
  }
  return false;
}

void Redirector::probe_refused(Database& database, std::uint32_t index) {
  const auto it = database.queues.find(context_.requests[index].slot);
  if (it == database.queues.end() || it->second.probe != index) return;
  SlotQueue& queue = it->second;
  queue.probe = kNoIndex;
  queue.reason = HoldReason::kBackoff;
  queue.retry_at_ms = context_.now_ms + queue.backoff_ms;
  schedule(database, queue.slot, queue.retry_at_ms);
}

bool Redirector::moved(Link& link, std::uint32_t index, const Refusal& refusal, std::string_view line) {
  Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  const std::uint16_t target = find_server(database, link, refusal.endpoint);
  const bool known = target != SlotMap::kUnassigned;
  context_.counters->redirects_moved.add();
  note(PlaneEvent::Kind::kRedirect, database, slot, refusal.endpoint, known, link.server);
  own_frame(link, index);
  const LinkFence fence = fence_behind(link, slot, kNoIndex);
  SlotQueue& queue = queue_for(database, slot);
  if (request.redirects > database.limits().redirects_max) {
    back_off(link, index, line);
    return true;
  }
  const bool was_probe = queue.probe == index;
  if (was_probe) queue.probe = kNoIndex;
  if (fence.link != nullptr) queue.fences.push_back(fence);
  queue.refusal = with_crlf(line);
  if (!known && (context_.clients[request.client].peer_finished || !within_budget(database, slot, index))) {
    context_.counters->held_rejected.add();
    give_up(index, &queue);
    settle(database, slot);
    return true;
  }
  if (Parking* parking = parking_of(queue, request.client)) {
    add_refused(*parking, {index, RepeatHow::kOwner, SlotMap::kUnassigned, false, queue.refusal});
  } else {
    charge(database, index);
    insert_by_age(queue.redirected, index);
  }
  if (!known) {
    // The next topology may name it; if none comes, the owner is asked again.
    queue.reason = HoldReason::kUnknown;
    queue.retry_at_ms = context_.now_ms + kUnknownRetryMs;
    schedule(database, slot, queue.retry_at_ms);
    return true;
  }
  patch(database, slot, link, target);
  if (queue.reason != HoldReason::kBackoff || was_probe) queue.reason = HoldReason::kFence;
  run_queue(database, slot);
  return true;
}

bool Redirector::asked(Link& link, std::uint32_t index, const Refusal& refusal, std::string_view line) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t target = find_server(database, link, refusal.endpoint);
  context_.counters->redirects_ask.add();
  own_frame(link, index);
  if (target == SlotMap::kUnassigned || request.redirects > database.limits().redirects_max) {
    note(PlaneEvent::Kind::kRedirect, database, request.slot, refusal.endpoint, false, link.server);
    park(link, index, RepeatHow::kTryAgain, SlotMap::kUnassigned, line);
    return true;
  }
  park(link, index, RepeatHow::kAsk, target, line);
  return true;
}

void Redirector::park(Link& link, std::uint32_t index, RepeatHow how, std::uint16_t ask_server,
                      std::string_view line) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  SlotQueue& queue = queue_for(database, slot);
  if (queue.probe == index) {
    // The server serves the slot again, only not this request.
    queue.probe = kNoIndex;
    queue.reason = HoldReason::kFence;
  }
  Parking* parking = parking_of(queue, request.client);
  if (parking == nullptr) {
    parking = &queue.parkings.emplace_back();
    parking->client = request.client;
    parking->fence = fence_behind(link, slot, request.client);
  }
  add_refused(*parking, {index, how, ask_server, false, with_crlf(line)});
  if (how == RepeatHow::kTryAgain) {
    const std::size_t step = std::min<std::size_t>(request.redirects - 1U, kTryAgainMs.size() - 1);
    // The first time it may be enough to ask key by key, which needs no delay.
    const Command& command = database.commands->at(request.command);
    const bool at_once = step == 0 && command.split != Split::kNone;
    if (!at_once) {
      parking->retry_at_ms = std::max(parking->retry_at_ms, context_.now_ms + kTryAgainMs[step]);
      schedule(database, slot, parking->retry_at_ms);
    }
  }
  run_queue(database, slot);
}

void Redirector::back_off(Link& link, std::uint32_t index, std::string_view line) {
  Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  SlotQueue& queue = queue_for(database, slot);
  queue.refusal = with_crlf(line);
  if (queue.probe == index) queue.probe = kNoIndex;
  if (const LinkFence fence = fence_behind(link, slot, kNoIndex); fence.link != nullptr) {
    queue.fences.push_back(fence);
  }
  if (context_.clients[request.client].peer_finished || !within_budget(database, slot, index)) {
    context_.counters->held_rejected.add();
    give_up(index, &queue);
  } else if (Parking* parking = parking_of(queue, request.client)) {
    add_refused(*parking, {index, RepeatHow::kOwner, SlotMap::kUnassigned, false, queue.refusal});
  } else {
    charge(database, index);
    context_.counters->held.add();
    insert_by_age(queue.redirected, index);
  }
  if (queue.reason != HoldReason::kBackoff) {
    queue.reason = HoldReason::kBackoff;
    queue.backoff_ms = std::clamp(queue.backoff_ms * 2, kBackoffFirstMs, kBackoffMostMs);
    queue.retry_at_ms = context_.now_ms + queue.backoff_ms;
    schedule(database, slot, queue.retry_at_ms);
  }
  settle(database, slot);
}

bool Redirector::share_a_key(Database& database, const Request& a, Bytes frame_a, const Request& b,
                             Bytes frame_b) {
  RequestFramer framer_a;
  RequestFramer framer_b;
  KeyPositions keys_a;
  KeyPositions keys_b;
  const RequestLimits limits;
  if (framer_a.next(frame_a.data, frame_a.size, limits) != FrameStatus::kComplete ||
      framer_b.next(frame_b.data, frame_b.size, limits) != FrameStatus::kComplete) {
    return true;
  }
  collect_keys(database.commands->at(a.command), frame_a, framer_a.args(), keys_a);
  collect_keys(database.commands->at(b.command), frame_b, framer_b.args(), keys_b);
  const auto key = [](Bytes frame, const Arg& arg) {
    return Bytes{frame.data + arg.offset, arg.length}.text();
  };
  for (const std::uint32_t i : keys_a.indexes) {
    for (const std::uint32_t j : keys_b.indexes) {
      if (key(frame_a, framer_a.args()[i]) == key(frame_b, framer_b.args()[j])) return true;
    }
  }
  return false;
}

void Redirector::executed(Link& link, std::uint32_t index) {
  const Request& request = context_.requests[index];
  Database& database = *link.database;
  const std::uint16_t slot = request.slot;
  const auto it = database.queues.find(slot);
  if (it == database.queues.end()) return;
  SlotQueue& queue = it->second;
  if (queue.probe == index) {
    open(database, queue);
    settle(database, slot);
    return;
  }
  if (request.client == kNoIndex) return;
  const Bytes frame{link.stream.at(request.offset), request.length};
  const auto overtaken = [&](std::uint32_t older_index) {
    const Request& older = context_.requests[older_index];
    if (older.client != request.client || older.owned == nullptr) return false;
    if ((older.flags & request.flags & kReqReadonly) != 0) return false;
    return share_a_key(database, older, {older.owned.get(), older.length}, request, frame);
  };
  if (Parking* parking = parking_of(queue, request.client)) {
    for (Parking::Refused& refused : parking->refused) {
      refused.passed_on = refused.passed_on || overtaken(refused.request);
    }
  }
  std::vector<std::uint32_t> passed_on;
  std::erase_if(queue.redirected, [&](std::uint32_t older) {
    if (!overtaken(older)) return false;
    passed_on.push_back(older);
    return true;
  });
  for (const std::uint32_t older : passed_on) {
    context_.counters->refusal_passed_for_order.add();
    give_up(older, &queue);
  }
}

void Redirector::add_refused(Parking& parking, Parking::Refused refused) {
  // What is refused again is older than what waits for its turn.
  const std::uint32_t arrival = context_.requests[refused.request].arrival;
  const auto younger = std::find_if(parking.refused.begin(), parking.refused.end(), [&](const auto& other) {
    return is_younger(context_.requests[other.request].arrival, arrival);
  });
  parking.refused.insert(younger, std::move(refused));
}

Link* Redirector::send_asking(Database& database, std::uint32_t index, std::uint16_t server) {
  Request& request = context_.requests[index];
  const Client& client = context_.clients[request.client];
  Link* link = context_.links->shared_link(database, *database.servers[server], client.user, client.protocol);
  if (link == nullptr) return nullptr;
  request.flags |= kReqAsking | kReqWatchOrder;
  const auto frame = std::move(request.owned);
  context_.links->send_internal(*link, "*1\r\n$6\r\nASKING\r\n");
  context_.links->send(*link, index, {frame.get(), request.length});
  return link;
}

Link* Redirector::repeat(Database& database, const Parking::Refused& refused) {
  const std::uint32_t index = refused.request;
  if (refused.how == RepeatHow::kAsk) return send_asking(database, index, refused.ask_server);
  Request& request = context_.requests[index];
  const Client& client = context_.clients[request.client];
  const std::uint16_t owner = database.slots.owner(request.slot);
  if (owner == SlotMap::kUnassigned) return nullptr;
  Link* link = context_.links->shared_link(database, *database.servers[owner], client.user, client.protocol);
  if (link == nullptr) return nullptr;
  request.flags |= kReqWatchOrder;
  const bool key_by_key = refused.how == RepeatHow::kTryAgain && context_.joiner->split_per_key(index);
  return key_by_key || resend(database, index) ? link : nullptr;
}

void Redirector::advance_parking(Database& database, std::uint16_t slot, std::uint32_t client) {
  const auto it = database.queues.find(slot);
  Parking* parking = it == database.queues.end() ? nullptr : parking_of(it->second, client);
  while (parking != nullptr && !parking->refused.empty()) {
    const Parking::Refused next = parking->refused.front();
    const bool gone = context_.requests[next.request].client == kNoIndex;
    const bool must_wait = it->second.reason != HoldReason::kNone && next.how != RepeatHow::kAsk;
    if (!gone && !next.passed_on && must_wait) return;  // run again when the slot opens
    parking->refused.pop_front();
    if (gone) {
      context_.replies->discard(next.request);
    } else if (next.passed_on) {
      context_.counters->refusal_passed_for_order.add();
      context_.replies->deliver_copy(next.request, next.refusal);
    } else {
      // Splitting may park parts of it at once: they take the place that it has now.
      Link* link = repeat(database, next);
      parking = parking_of(it->second, client);
      if (link == nullptr) {
        parking->refused.push_front(next);
        parking->retry_at_ms = context_.now_ms + kLinkRetryMs;
        schedule(database, slot, parking->retry_at_ms);
        return;
      }
      parking->fence = {link, link->next_sequence()};
      parking->retry_at_ms = 0;
      link->fenced = true;
      const bool more_of_the_same = next.how == RepeatHow::kAsk && !parking->refused.empty() &&
                                    parking->refused.front().how == RepeatHow::kAsk &&
                                    parking->refused.front().ask_server == next.ask_server;
      if (!more_of_the_same) return;
    }
  }
  if (parking != nullptr) end_parking(database, it->second, client);
}

void Redirector::end_parking(Database& database, SlotQueue& queue, std::uint32_t client) {
  Parking* parking = parking_of(queue, client);
  const std::deque<std::uint32_t> waiting = std::move(parking->waiting);
  std::erase_if(queue.parkings, [&](const Parking& other) { return other.client == client; });
  bool sending = queue.reason == HoldReason::kNone;
  for (const std::uint32_t index : waiting) {
    if (context_.requests[index].client == kNoIndex) {
      context_.replies->discard(index);
      continue;
    }
    sending = sending && resend(database, index);
    if (!sending) queue.arrivals.push_back(index);
  }
  if (!sending && queue.reason == HoldReason::kNone) await_owner(database, queue);
}

void Redirector::answered(Link& link) {
  link.fenced = false;
  std::vector<std::uint16_t> reached;
  for (auto& [slot, queue] : link.database->queues) {
    bool mine = false;
    const auto look = [&](const LinkFence& fence) {
      if (fence.link != &link) return;
      if (link.answered >= fence.sequence) {
        mine = true;
      } else {
        link.fenced = true;
      }
    };
    for (const LinkFence& fence : queue.fences) look(fence);
    for (const Parking& parking : queue.parkings) look(parking.fence);
    if (mine) reached.push_back(slot);
  }
  for (const std::uint16_t slot : reached) run_queue(*link.database, slot);
}

void Redirector::link_gone(Link& link) {
  std::vector<std::uint16_t> reached;
  for (auto& [slot, queue] : link.database->queues) {
    bool mine = false;
    const auto clear = [&](LinkFence& fence) {
      if (fence.link != &link) return;
      fence.link = nullptr;
      mine = true;
    };
    for (LinkFence& fence : queue.fences) clear(fence);
    for (Parking& parking : queue.parkings) clear(parking.fence);
    if (mine) reached.push_back(slot);
  }
  link.fenced = false;
  for (const std::uint16_t slot : reached) run_queue(*link.database, slot);
}

}  // namespace slotgate
