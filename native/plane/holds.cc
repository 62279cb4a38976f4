// The waiting half of Redirector: queues, budgets, deadlines, release.
#include <algorithm>

#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/scripts.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// A released queue is sent in pieces of this many requests: one turn each.
constexpr std::uint32_t kReleasePerTurn = 256;
constexpr std::uint64_t kReleasePauseMs = 1;

bool is_charged(const Request& request) noexcept {
  return request.state == RequestState::kHeld || request.state == RequestState::kParked;
}

}  // namespace

Database& Redirector::database_of(const Request& request) noexcept {
  return *context_.clients[request.client].database;
}

SlotQueue& Redirector::queue_for(Database& database, std::uint16_t slot) {
  const auto [it, created] = database.queues.try_emplace(slot);
  if (created) {
    it->second.slot = slot;
    database.slots.mark_slow(slot);
  }
  return it->second;
}

void Redirector::schedule(Database& database, std::uint16_t slot, std::uint64_t at_ms) {
  const auto it = database.queues.find(slot);
  if (it == database.queues.end()) return;
  const std::uint64_t at = std::max(at_ms, context_.now_ms + 1);
  // One entry per queue is enough: what runs then sees everything that is due.
  if (it->second.due_at_ms != 0 && it->second.due_at_ms <= at) return;
  it->second.due_at_ms = at;
  due_.push({at, &database, slot});
}

void Redirector::await_link(Database& database, std::uint16_t slot) {
  const Server& server = *database.servers[database.slots.owner(slot)];
  schedule(database, slot, std::max(server.retry_at_ms, context_.now_ms + kLinkRetryMs));
}

bool Redirector::may_pass(const Client& client, std::uint16_t slot) const {
  Database& database = *client.database;
  if (database.slots.owner(slot) == SlotMap::kUnassigned) return false;
  const auto it = database.queues.find(slot);
  if (it == database.queues.end()) return true;
  return it->second.reason == HoldReason::kNone && parking_of(it->second, client.index) == nullptr;
}

void Redirector::charge(Database& database, std::uint32_t index, RequestState state) {
  Request& request = context_.requests[index];
  const bool was_charged = is_charged(request);
  request.state = state;
  if (was_charged) return;
  const std::uint16_t owner = database.slots.owner(request.slot);
  request.offset = owner;  // not in a stream now: remembers which shard was charged
  if (owner != SlotMap::kUnassigned) database.servers[owner]->held_bytes += request.length;
  database.held_bytes += request.length;
  ++held_;
  context_.counters->held_now.add();
  context_.counters->held_bytes_now.add(request.length);
}

void Redirector::discharge(std::uint32_t index) {
  Request& request = context_.requests[index];
  if (!is_charged(request)) return;
  request.state = RequestState::kTakenBack;
  Database& database = database_of(request);
  if (request.offset != SlotMap::kUnassigned)
    database.servers[request.offset]->held_bytes -= request.length;
  database.held_bytes -= request.length;
  --held_;
  context_.counters->held_now.subtract();
  context_.counters->held_bytes_now.subtract(request.length);
}

void Redirector::forget(std::uint32_t index) {
  Request& request = context_.requests[index];
  discharge(index);
  request.owned.reset();
  request.client = kNoIndex;
  context_.counters->held_dropped.add();
}

bool Redirector::within_budget(Database& database, std::uint16_t slot, std::uint32_t index) {
  const std::uint32_t length = context_.requests[index].length;
  const PlaneLimits& limits = database.limits();
  const std::uint16_t owner = database.slots.owner(slot);
  const bool shard_full =
      owner != SlotMap::kUnassigned &&
      database.servers[owner]->held_bytes + length > limits.hold_bytes_per_shard_max;
  return !shard_full && database.held_bytes + length <= limits.hold_bytes_max;
}

void Redirector::wait_in(Database& database, SlotQueue& queue, std::uint32_t index, bool first) {
  const Request& request = context_.requests[index];
  const Client& client = context_.clients[request.client];
  if (client.peer_finished) {
    // Nobody waits for a client that sent its last byte: it would be executed long after it left.
    context_.counters->held_dropped.add();
    give_up(index, &queue);
    return;
  }
  if (!within_budget(database, queue.slot, index)) {
    context_.counters->held_rejected.add();
    give_up(index, &queue);
    return;
  }
  charge(database, index, RequestState::kHeld);
  context_.counters->held.add();
  Parking* parking = parking_of(queue, request.client);
  if (parking == nullptr) {
    if (first) {
      insert_by_age(queue.redirected, index);
    } else {
      queue.arrivals.push_back(index);
    }
  } else if (first) {
    add_refused(*parking, {index, RepeatHow::kOwner, SlotMap::kUnassigned, false, queue.refusal});
  } else {
    parking->waiting.push_back(index);
  }
}

void Redirector::insert_by_age(std::deque<std::uint32_t>& waiting, std::uint32_t index) {
  const std::uint32_t arrival = context_.requests[index].arrival;
  auto at = waiting.end();
  while (at != waiting.begin() && is_younger(context_.requests[*(at - 1)].arrival, arrival)) --at;
  waiting.insert(at, index);
}

void Redirector::hold(std::uint32_t index) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  SlotQueue& queue = queue_for(database, slot);
  if (queue.reason == HoldReason::kNone && parking_of(queue, request.client) == nullptr) {
    await_owner(database, queue);
  }
  wait_in(database, queue, index, false);
  note(PlaneEvent::Kind::kHolding, database, slot, {}, true, nullptr);
  settle(database, slot);
}

void Redirector::await_owner(Database& database, SlotQueue& queue) {
  const bool orphan = database.slots.owner(queue.slot) == SlotMap::kUnassigned;
  queue.reason = orphan ? HoldReason::kNoOwner : HoldReason::kNoLink;
  if (!orphan) await_link(database, queue.slot);
}

void Redirector::hold_again(std::uint32_t index) {
  const Request& request = context_.requests[index];
  Database& database = database_of(request);
  const std::uint16_t slot = request.slot;
  SlotQueue& queue = queue_for(database, slot);
  if (queue.probe == index) queue.probe = kNoIndex;
  if (queue.reason == HoldReason::kNone || queue.reason == HoldReason::kProbing) {
    await_owner(database, queue);
  }
  wait_in(database, queue, index, true);
  settle(database, slot);
}

void Redirector::read_from_owner(std::uint32_t index) {
  const Request& request = context_.requests[index];
  const bool may_go = may_pass(context_.clients[request.client], request.slot);
  if (!may_go || !resend(database_of(request), index)) hold_again(index);
}

void Redirector::probe_lost(const Link& link, std::uint32_t index) {
  const std::uint16_t slot = context_.requests[index].slot;
  const auto it = link.database->queues.find(slot);
  if (it == link.database->queues.end() || it->second.probe != index) return;
  it->second.probe = kNoIndex;
  await_owner(*link.database, it->second);
}

std::string Redirector::reason_text(Database& database, const SlotQueue* queue,
                                    std::uint16_t slot) const {
  if (queue != nullptr && !queue->refusal.empty()) return shown_refusal(queue->refusal, slot);
  const std::uint16_t owner = database.slots.owner(slot);
  if (owner == SlotMap::kUnassigned) return "-CLUSTERDOWN Hash slot not served\r\n";
  if (queue != nullptr && queue->reason != HoldReason::kNoLink) return shown_refusal({}, slot);
  const Server& server = *database.servers[owner];
  return "-CLUSTERDOWN no connection to " + server.entry.label + " (slot " + std::to_string(slot) +
         "): " + (server.last_failure.empty() ? "not connected yet" : server.last_failure) + "\r\n";
}

void Redirector::give_up(std::uint32_t index, const SlotQueue* queue) {
  Request& request = context_.requests[index];
  if (request.client == kNoIndex) {
    context_.replies->discard(index);
    return;
  }
  discharge(index);
  context_.replies->deliver_copy(index, reason_text(database_of(request), queue, request.slot));
}

bool Redirector::fences_reached(SlotQueue& queue) noexcept {
  std::erase_if(queue.fences, [](const LinkFence& fence) {
    return fence.link == nullptr || fence.link->answered >= fence.sequence;
  });
  return queue.fences.empty();
}

bool Redirector::resend(Database& database, std::uint32_t index) {
  Request& request = context_.requests[index];
  Client& client = context_.clients[request.client];
  const std::uint16_t owner = database.slots.owner(request.slot);
  if (owner == SlotMap::kUnassigned) return false;
  Link* link = context_.links->link_for(client, *database.servers[owner]);
  if (link == nullptr) return false;
  context_.tracking->sent_late(client, index);
  discharge(index);
  request.flags = static_cast<std::uint16_t>(request.flags & ~kReqAsking);
  const auto frame = std::move(request.owned);
  context_.scripts->prepare_again(*link, index, {frame.get(), request.length});
  context_.links->send(*link, index, {frame.get(), request.length});
  return true;
}

std::deque<std::uint32_t>* Redirector::oldest_of(SlotQueue& queue) {
  for (std::deque<std::uint32_t>* source : {&queue.redirected, &queue.arrivals}) {
    while (!source->empty()) {
      const std::uint32_t index = source->front();
      if (context_.requests[index].client != kNoIndex) return source;
      source->pop_front();
      context_.replies->discard(index);
    }
  }
  return nullptr;
}

void Redirector::open(Database& database, SlotQueue& queue) {
  queue.reason = HoldReason::kNone;
  queue.probe = kNoIndex;
  std::uint32_t sent = 0;
  while (std::deque<std::uint32_t>* source = oldest_of(queue)) {
    if (sent == kReleasePerTurn) {
      queue.reason = HoldReason::kNoLink;
      schedule(database, queue.slot, context_.now_ms + kReleasePauseMs);
      return;
    }
    if (!resend(database, source->front())) {
      await_owner(database, queue);
      return;
    }
    source->pop_front();
    ++sent;
  }
  queue.refusal.clear();
  queue.backoff_ms = 0;
}

void Redirector::probe(Database& database, SlotQueue& queue) {
  std::deque<std::uint32_t>* const source = oldest_of(queue);
  if (source == nullptr) {
    queue.reason = HoldReason::kNone;
    return;
  }
  const std::uint32_t index = source->front();
  if (!resend(database, index)) {
    queue.reason = HoldReason::kNoLink;
    schedule(database, queue.slot, context_.now_ms + queue.backoff_ms);
    return;
  }
  source->pop_front();
  context_.requests[index].flags |= kReqWatchOrder;
  queue.reason = HoldReason::kProbing;
  queue.probe = index;
}

void Redirector::settle(Database& database, std::uint16_t slot) {
  const auto it = database.queues.find(slot);
  if (it == database.queues.end() || !it->second.idle()) return;
  database.queues.erase(it);
  database.slots.clear_slow(slot);
}

void Redirector::run_queue(Database& database, std::uint16_t slot) {
  const auto it = database.queues.find(slot);
  if (it == database.queues.end()) return;
  SlotQueue& queue = it->second;
  if (queue.reason == HoldReason::kFence || queue.reason == HoldReason::kNoLink) {
    if (fences_reached(queue)) open(database, queue);
  } else if (queue.reason == HoldReason::kUnknown && queue.retry_at_ms <= context_.now_ms) {
    if (fences_reached(queue)) open(database, queue);
  } else if (queue.reason == HoldReason::kBackoff && queue.retry_at_ms <= context_.now_ms) {
    if (fences_reached(queue)) probe(database, queue);
  }
  std::vector<std::uint32_t> due;
  for (const Parking& parking : queue.parkings) {
    const bool reached =
        parking.fence.link == nullptr || parking.fence.link->answered >= parking.fence.sequence;
    if (reached && parking.retry_at_ms <= context_.now_ms) due.push_back(parking.client);
  }
  for (const std::uint32_t client : due) advance_parking(database, slot, client);
  settle(database, slot);
}

void Redirector::run_due() {
  while (!due_.empty() && due_.top().at_ms <= context_.now_ms) {
    const Due due = due_.top();
    due_.pop();
    const auto it = due.database->queues.find(due.slot);
    if (it == due.database->queues.end() || it->second.due_at_ms != due.at_ms) continue;
    it->second.due_at_ms = 0;
    run_queue(*due.database, due.slot);
    reschedule_parkings(*due.database, due.slot);
  }
}

void Redirector::expire_queue(Database& database, SlotQueue& queue) {
  const std::uint32_t limit = database.limits().hold_timeout_ms;
  const auto late = [&](std::uint32_t index) {
    const Request& request = context_.requests[index];
    return request.client == kNoIndex || context_.turn_stamp() - request.arrived_ms >= limit;
  };
  const auto expire_front = [&](std::deque<std::uint32_t>& waiting) {
    while (!waiting.empty() && late(waiting.front())) {
      const std::uint32_t index = waiting.front();
      waiting.pop_front();
      context_.counters->held_expired.add();
      give_up(index, &queue);
    }
  };
  expire_front(queue.redirected);
  expire_front(queue.arrivals);
  for (Parking& parking : queue.parkings) {
    expire_front(parking.waiting);
    for (Parking::Refused& refused : parking.refused) {
      if (!late(refused.request)) break;
      refused.passed_on = true;
      parking.retry_at_ms = 0;
    }
  }
  if (queue.redirected.empty() && queue.arrivals.empty() && queue.reason != HoldReason::kProbing &&
      queue.fences.empty()) {
    queue.reason = HoldReason::kNone;
  }
}

bool Redirector::holding() const noexcept {
  return std::any_of(context_.databases.begin(), context_.databases.end(),
                     [](const auto& database) { return !database->queues.empty(); });
}

void Redirector::expire() {
  std::vector<std::pair<Database*, std::uint16_t>> all;
  for (const auto& database : context_.databases) {
    for (auto& [slot, queue] : database->queues) all.emplace_back(database.get(), slot);
  }
  for (const auto& [database, slot] : all) {
    const auto it = database->queues.find(slot);
    if (it == database->queues.end()) continue;
    expire_queue(*database, it->second);
    run_queue(*database, slot);
  }
}

void Redirector::answer_held_of(Client& client) {
  std::vector<std::uint32_t> held;
  const auto collect = [&](std::uint32_t index) {
    if (index != kNoIndex && context_.requests[index].state == RequestState::kHeld)
      held.push_back(index);
  };
  for (std::uint32_t i = client.head; i != kNoIndex; i = context_.requests[i].next) {
    collect(i);
    const Request& request = context_.requests[i];
    if (request.state == RequestState::kJoining) {
      for (const std::uint32_t part : context_.joins[request.join].parts) collect(part);
    }
  }
  for (const std::uint32_t index : held) {
    Database& database = *client.database;
    const auto it = database.queues.find(context_.requests[index].slot);
    if (it == database.queues.end()) continue;
    SlotQueue& queue = it->second;
    std::erase(queue.redirected, index);
    std::erase(queue.arrivals, index);
    if (Parking* parking = parking_of(queue, client.index)) std::erase(parking->waiting, index);
    context_.counters->held_dropped.add();
    give_up(index, &queue);
    settle(database, queue.slot);
  }
  pass_on_parked(client);
}

}  // namespace slotgate
