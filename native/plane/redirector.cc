// The refusing half of Redirector: what servers refuse, and how it is repeated.
#include "plane/redirector.h"

#include <algorithm>
#include <cstring>

#include "core/router.h"
#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/pubsub.h"
#include "plane/readers.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// How long a slot waits for a topology that names the server of a redirect.
constexpr std::uint64_t kUnknownRetryMs = 500;

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
  auto frame = request_bytes(request.length);
  std::memcpy(frame.get(), link.stream.at(request.offset), request.length);
  request.owned = std::move(frame);
  request.state = RequestState::kTakenBack;
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
    if (younger.slot != slot || (younger.flags & (kReqInternal | kReqErrand)) != 0) continue;
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
                : "[" + link.server->entry.host + "]") +
           name;
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
    context_.readers->slot_is_open(database, slot);
  }
  return target;
}

void Redirector::patch(Database& database, std::uint16_t slot, const Link& link,
                       std::uint16_t target) {
  // Only the present owner may give a slot away: an older owner's redirect says nothing new.
  if (target == SlotMap::kUnassigned || database.slots.owner(slot) != link.server->index) return;
  const Server& former = *database.servers[database.slots.owner(slot)];
  context_.tracking->slot_left(database, former.index);
  fence_former_owner(database, former, slot);
  database.slots.set_owner(slot, target);
  database.overrides[slot] = context_.now_ms;
  context_.pubsub->slots_changed(database);
}

bool Redirector::refused(Link& link, std::uint32_t index, std::string_view line) {
  const Refusal refusal = parse_refusal(line);
  if (refusal.kind == RefusalKind::kNone) return false;
  if (refusal.kind == RefusalKind::kNoScript) return script_missing(link, index, line);
  Request& request = context_.requests[index];
  if (request.client == kNoIndex) {
    // Nobody waits for it; but if it was the probe of its queue, the queue needs another.
    if ((request.flags & kReqWatchOrder) != 0) probe_refused(*link.database, index);
    return false;
  }
  const bool redirect = refusal.kind == RefusalKind::kMoved || refusal.kind == RefusalKind::kAsk;
  // A script may return any words. It cannot forge a redirect, since the slot and the server must
  // be right; its other words count only if the slot is known to be in trouble.
  const bool script = (request.flags & kReqScript) != 0;
  if (script && !redirect && !link.database->queues.contains(request.slot)) return false;
  if (script && redirect &&
      find_server(*link.database, link, refusal.endpoint) == SlotMap::kUnassigned) {
    // If it is the server's word, the next topology knows more.
    if (refusal.slot == request.slot) {
      note(PlaneEvent::Kind::kRedirect, *link.database, request.slot, refusal.endpoint, false,
           link.server);
    }
    return false;
  }
  if (redirect && ((request.flags & kReqKeyless) != 0 || refusal.slot != request.slot))
    return false;
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
      note(PlaneEvent::Kind::kRefused, database, request.slot, without_crlf(line), true,
           link.server);
      own_frame(link, index);
      back_off(link, index, line);
      return true;
    case RefusalKind::kNone:
    case RefusalKind::kNoScript:
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

bool Redirector::moved(Link& link, std::uint32_t index, const Refusal& refusal,
                       std::string_view line) {
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
    // It may be the first that hears of the new owner: what was refused otherwise counts, too.
    patch(database, slot, link, target);
    back_off(link, index, line);
    return true;
  }
  const bool was_probe = queue.probe == index;
  if (was_probe) queue.probe = kNoIndex;
  queue.refusal = with_crlf(line);
  if (!known &&
      (context_.clients[request.client].peer_finished || !within_budget(database, slot, index))) {
    context_.counters->held_rejected.add();
    give_up(index, &queue);
    if (was_probe) {
      queue.reason = HoldReason::kUnknown;
      queue.retry_at_ms = context_.now_ms + kUnknownRetryMs;
      schedule(database, slot, queue.retry_at_ms);
    }
    settle(database, slot);
    return true;
  }
  if (fence.link != nullptr) queue.fences.push_back(fence);
  if (Parking* parking = parking_of(queue, request.client)) {
    add_refused(*parking, {index, RepeatHow::kOwner, SlotMap::kUnassigned, false, queue.refusal});
  } else {
    charge(database, index, RequestState::kHeld);
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
    charge(database, index, RequestState::kHeld);
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
  if (((a.flags | b.flags) & kReqBlock) != 0) return true;
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
  const bool was_probe = queue.probe == index;
  const Bytes frame{link.stream.at(request.offset), request.length};
  // Reads go before reads; and one may see what perhaps was executed, rather than fail.
  const bool perhaps = !link.usable();
  const int harmless = (perhaps ? 0xffff : request.flags) & kReqReadonly;
  const auto overtaken = [&](std::uint32_t older_index) {
    const Request& older = context_.requests[older_index];
    if (older.client != request.client || older.client == kNoIndex) return false;
    if (older.owned == nullptr) return false;
    if (!is_younger(request.arrival, older.arrival)) return false;
    if ((older.flags & harmless) != 0) return false;
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
  if (!was_probe) return;
  queue.probe = kNoIndex;
  queue.reason = HoldReason::kFence;
  run_queue(database, slot);
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
