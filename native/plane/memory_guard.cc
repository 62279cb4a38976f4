#include "plane/memory_guard.h"

#include <algorithm>

#include "plane/clients.h"
#include "plane/links.h"

namespace slotgate {

namespace {

// Of the budget, in percent; see MemoryGuard.
constexpr std::uint64_t kEaseBelow = 70;
constexpr std::uint64_t kShortFrom = 80;
constexpr std::uint64_t kCloseUntil = 90;

/// While memory is short, who uses how much is found out this often, and whenever so many percent
/// of the budget more are used.
constexpr std::uint64_t kRoundMs = 100;
constexpr std::uint64_t kRoundPercent = 2;
constexpr std::uint64_t kStoppedMostMs = 10'000;
/// Between two clients that are closed because they are stuck.
constexpr std::uint64_t kEndMs = 1000;
constexpr std::uint64_t kRestMs = 3'000;
/// A client that uses less is never stopped: a part of the budget divided by all clients, within
/// these bounds.
constexpr std::size_t kSmallLeast = 4 * 1024;
constexpr std::size_t kSmallMost = 64 * 1024;
/// What one turn may add before nothing more is read in it: this part of the worker's part of the
/// budget, but not less than kTurnLeast.
constexpr std::uint64_t kTurnPart = 16;
constexpr std::uint64_t kTurnLeast = 1024 * 1024;

std::uint64_t percent(std::uint64_t bytes, std::uint64_t count) noexcept {
  return bytes / 100 * count;
}

std::size_t capacity(const ByteBuffer* bytes) noexcept {
  return bytes == nullptr ? 0 : bytes->capacity();
}

std::size_t memory_of(const Request& request) noexcept {
  if (request.state == RequestState::kInFlight) return request.length;
  return request.owned ? allocated_size(request.owned.get()) : 0;
}

}  // namespace

void MemoryGuard::set_budget(std::uint64_t bytes) {
  budget_ = bytes;
  const std::uint64_t part = bytes / context_.workers;
  if (bytes == 0) {
    act_at_ = INT64_MAX;
    turn_allowance_ = INT64_MAX / 2;
    ease();
    return;
  }
  act_at_ = static_cast<std::int64_t>(percent(part, kShortFrom));
  turn_allowance_ = static_cast<std::int64_t>(std::max(kTurnLeast, part / kTurnPart));
}

bool MemoryGuard::refuses() const {
  if (budget_ == 0) return false;
  const Total total = total_();
  return total.refusing || total.bytes >= budget_;
}

void MemoryGuard::set_level(Level level) {
  level_ = level;
  context_.counters->memory_full.set(level == Level::kFull ? 1 : 0);
}

void MemoryGuard::act() {
  const std::uint64_t used = total_().bytes;
  const std::uint64_t own = context_.counters->memory_bytes.get();
  if (used < percent(budget_, kEaseBelow) ||
      own < percent(budget_ / context_.workers, kEaseBelow)) {
    ease();
    return;
  }
  const bool is_short = used >= percent(budget_, kShortFrom);
  if (!is_short && level_ == Level::kEase) return;  // other workers leave room
  const bool is_full = used >= budget_;
  if (is_full) {
    set_level(Level::kFull);
  } else if (!is_short || level_ == Level::kEase) {
    set_level(Level::kShort);
  }
  if (!is_full && context_.now_ms < next_round_ms_ && used < next_round_at_) return;
  next_round_ms_ = context_.now_ms + kRoundMs;
  next_round_at_ = used + percent(budget_, kRoundPercent);
  gather();
  stop_the_large(used);
  if (is_full) {
    close_the_large(used);
  } else {
    close_one_that_is_stuck();
  }
}

void MemoryGuard::ease() {
  if (level_ == Level::kEase) return;
  set_level(Level::kEase);
  context_.counters->memory_stopped_now.set(0);
  context_.client_io->for_each([&](Client& client) {
    if (client.stopped_at_ms != 0) read_on(client);
  });
}

void MemoryGuard::read_on(Client& client) {
  client.stopped_at_ms = 0;
  client.excused_at_ms = context_.now_ms;
  if (client.stream_ready) context_.client_io->make_ready(client);
  context_.client_io->read_on(client);
}

std::size_t MemoryGuard::bytes_of(const Client& client) const {
  std::size_t bytes =
      capacity(client.input ? &client.input->bytes : nullptr) + capacity(client.output.get());
  if (client.session) {
    bytes += capacity(client.session->deferred.get());
    if (client.session->transaction) bytes += client.session->transaction->frames.capacity();
  }
  for (std::uint32_t index = client.head; index != kNoIndex;) {
    const Request& request = context_.requests[index];
    bytes += memory_of(request);
    if (request.join != kNoIndex && request.state == RequestState::kJoining) {
      for (const std::uint32_t part : context_.joins[request.join].parts) {
        if (part != kNoIndex) bytes += memory_of(context_.requests[part]);
      }
    }
    index = request.next;
  }
  return bytes;
}

void MemoryGuard::find_large_replies() {
  large_replies_.clear();
  for (const auto& database : context_.databases) {
    for (const auto& server : database->servers) {
      for (const auto& link : server->links) {
        if (link->in_flight.empty() || link->partial.capacity() < kStreamReplyBytes) continue;
        const std::uint32_t client = context_.requests[link->in_flight.front()].client;
        if (client != kNoIndex) large_replies_[client] += link->partial.capacity();
      }
    }
  }
}

void MemoryGuard::gather() {
  candidates_.clear();
  find_large_replies();
  std::uint64_t stopped = 0;
  context_.client_io->for_each([&](Client& client) {
    std::size_t bytes = bytes_of(client);
    if (const auto large = large_replies_.find(client.index); large != large_replies_.end())
      bytes += large->second;
    if (client.stopped_at_ms != 0) ++stopped;
    if (bytes >= kSmallLeast || client.stopped_at_ms != 0)
      candidates_.push_back({client.index, client.no_evict, bytes});
  });
  context_.counters->memory_stopped_now.set(stopped);
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.bytes > b.bytes; });
}

void MemoryGuard::stop_the_large(std::uint64_t used_by_all) {
  const std::uint64_t own = context_.counters->memory_bytes.get();
  // This worker's part of what all of them are to come down to.
  const auto aim =
      static_cast<std::uint64_t>(static_cast<double>(percent(budget_, kEaseBelow)) *
                                 static_cast<double>(own) / static_cast<double>(used_by_all));
  const std::uint64_t fair = fair_share(aim);
  std::uint64_t of_the_rest = own;
  for (const Candidate& candidate : candidates_) {
    Client& client = context_.clients[candidate.client];
    if (candidate.bytes < fair / 2) {
      if (client.stopped_at_ms == 0) continue;
      read_on(client);
      context_.counters->memory_stopped_now.subtract();
    } else if (client.stopped_at_ms != 0) {
      of_the_rest -= std::min<std::uint64_t>(of_the_rest, candidate.bytes);
    } else if (candidate.bytes > fair && of_the_rest > aim) {
      client.stopped_at_ms = context_.now_ms;
      context_.client_io->stop_reading(client);
      context_.counters->memory_stops.add();
      context_.counters->memory_stopped_now.add();
      of_the_rest -= std::min<std::uint64_t>(of_the_rest, candidate.bytes);
    }
  }
}

std::uint64_t MemoryGuard::fair_share(std::uint64_t aim) const {
  const std::uint64_t clients = std::max<std::uint64_t>(context_.clients.used(), 1);
  const std::uint64_t small = std::clamp<std::uint64_t>(aim / 4 / clients, kSmallLeast, kSmallMost);
  const auto large = static_cast<std::uint64_t>(
      std::count_if(candidates_.begin(), candidates_.end(),
                    [&](const Candidate& candidate) { return candidate.bytes >= small; }));
  return std::max(small, aim / std::max<std::uint64_t>(large, 1));
}

void MemoryGuard::close_one_that_is_stuck() {
  if (context_.now_ms < next_end_ms_) return;
  const Candidate* largest = nullptr;
  for (const Candidate& candidate : candidates_) {
    const Client& client = context_.clients[candidate.client];
    const std::uint64_t since = std::max(client.stopped_at_ms, client.excused_at_ms);
    if (client.stopped_at_ms == 0 || context_.now_ms - since < kStoppedMostMs) continue;
    if (largest == nullptr || (largest->spared && !candidate.spared)) largest = &candidate;
  }
  if (largest == nullptr) return;
  next_end_ms_ = context_.now_ms + kEndMs;
  close(context_.clients[largest->client]);
  context_.links->drop_unwanted();
}

void MemoryGuard::close_the_large(std::uint64_t used_by_all) {
  const auto used_by_others =
      static_cast<std::int64_t>(used_by_all - context_.counters->memory_bytes.get());
  const auto enough = static_cast<std::int64_t>(percent(budget_, kCloseUntil));
  std::stable_partition(candidates_.begin(), candidates_.end(),
                        [](const Candidate& candidate) { return !candidate.spared; });
  for (const Candidate& candidate : candidates_) {
    if (used_by_others + memory_use.total <= enough) return;
    close(context_.clients[candidate.client]);
    if (large_replies_.contains(candidate.client)) context_.links->drop_unwanted();
  }
}

void MemoryGuard::close(Client& client) {
  if (client.closing) return;  // with another one
  context_.counters->memory_closed.add();
  context_.client_io->close(client);
}

void MemoryGuard::tick() {
  WorkerCounters& counters = *context_.counters;
  Counter* const figures[kMemoryKinds] = {&counters.memory_input,        &counters.memory_output,
                                          &counters.memory_requests,     &counters.memory_links,
                                          &counters.memory_transactions, &counters.memory_chunks,
                                          &counters.memory_records};
  for (std::size_t kind = 0; kind < kMemoryKinds; ++kind)
    figures[kind]->set(
        static_cast<std::uint64_t>(std::max<std::int64_t>(memory_use.by_kind[kind], 0)));
  if (context_.now_ms < next_rest_ms_) return;
  next_rest_ms_ = context_.now_ms + kRestMs;
  context_.clients.rest();
  context_.requests.rest();
  context_.joins.rest();
}

}  // namespace slotgate
