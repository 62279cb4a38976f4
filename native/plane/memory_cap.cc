#include "plane/memory_cap.h"

#include <algorithm>

#include "plane/client_bytes.h"
#include "plane/clients.h"
#include "plane/links.h"

namespace slotgate {

namespace {

// Of the budget, in percent; see MemoryCap.
constexpr std::uint64_t kEaseBelow = 70;
constexpr std::uint64_t kShortFrom = 80;
constexpr std::uint64_t kCloseUntil = 90;

/// While memory is short, who uses how much is found out this often, and whenever so many percent
/// of the budget more are used.
constexpr std::uint64_t kRoundMs = 100;
constexpr std::uint64_t kRoundPercent = 2;
constexpr std::uint64_t kStoppedMostMs = 10'000;
/// The same while new clients are refused, whom they keep out.
constexpr std::uint64_t kStoppedWhileFullMostMs = 3'000;
/// Between two clients that are closed because they are stuck.
constexpr std::uint64_t kEndMs = 1000;
/// A client that uses less is never stopped: a part of the budget divided by all clients, within
/// these bounds.
constexpr std::size_t kSmallLeast = 4 * 1024;
constexpr std::size_t kSmallMost = 64 * 1024;

std::uint64_t percent(std::uint64_t bytes, std::uint64_t count) noexcept {
  return bytes / 100 * count;
}

}  // namespace

MemoryCap::MemoryCap(WorkerContext& context, const Database* database, Figures figures) noexcept
    : context_(context),
      database_(database),
      mark_(database == nullptr ? kStoppedForProcess : kStoppedForDatabase),
      figures_(figures) {}

void MemoryCap::set_budget(std::uint64_t bytes) {
  budget_ = bytes;
  act_at_ = bytes == 0 ? INT64_MAX
                       : static_cast<std::int64_t>(percent(bytes / context_.workers, kShortFrom));
  if (bytes == 0) ease();
}

void MemoryCap::set_level(Level level) {
  level_ = level;
  figures_.full.set(level == Level::kFull ? 1 : 0);
}

void MemoryCap::act(std::uint64_t used_by_all, std::uint64_t own) {
  if (used_by_all < percent(budget_, kEaseBelow) ||
      own < percent(budget_ / context_.workers, kEaseBelow)) {
    ease();
    return;
  }
  const bool is_short = used_by_all >= percent(budget_, kShortFrom);
  if (!is_short && level_ == Level::kEase) return;  // other workers leave room
  const bool is_full = used_by_all >= budget_;
  if (is_full) {
    set_level(Level::kFull);
  } else if (!is_short || level_ == Level::kEase) {
    set_level(Level::kShort);
  }
  if (!is_full && context_.now_ms < next_round_ms_ && used_by_all < next_round_at_) return;
  next_round_ms_ = context_.now_ms + kRoundMs;
  next_round_at_ = used_by_all + percent(budget_, kRoundPercent);
  gather();
  stop_the_large(used_by_all, own);
  if (is_full) {
    close_the_large(used_by_all, kCloseUntil, 0);
  } else if (level_ == Level::kFull) {
    close_the_large(used_by_all, kShortFrom - 1, kStoppedWhileFullMostMs);
  } else {
    close_one_that_is_stuck();
  }
}

void MemoryCap::ease() {
  if (level_ == Level::kEase) return;
  set_level(Level::kEase);
  figures_.stopped_now.set(0);
  context_.client_io->for_each([&](Client& client) {
    if (stops(client) && (database_ == nullptr || client.database == database_)) read_on(client);
  });
}

void MemoryCap::stop(Client& client) {
  figures_.stops.add();
  figures_.stopped_now.add();
  const bool is_stopped = client.stopped_by != 0;
  client.stopped_by = static_cast<std::uint8_t>(client.stopped_by | mark_);
  if (is_stopped) return;
  client.stopped_at_ms = context_.now_ms;
  context_.client_io->stop_reading(client);
}

void MemoryCap::read_on(Client& client) {
  client.stopped_by = static_cast<std::uint8_t>(client.stopped_by & ~mark_);
  if (client.stopped_by != 0) return;
  client.stopped_at_ms = 0;
  client.excused_at_ms = context_.now_ms;
  if (client.stream_ready) context_.client_io->make_ready(client);
  context_.client_io->read_on(client);
}

void MemoryCap::find_large_replies() {
  large_replies_.clear();
  for (const auto& database : context_.databases) {
    if (database_ != nullptr && database.get() != database_) continue;
    for (const auto& server : database->servers) {
      for (const auto& link : server->links) {
        if (link->in_flight.empty() || link->partial.capacity() < kStreamReplyBytes) continue;
        const std::uint32_t client = context_.requests[link->in_flight.front()].client;
        if (client != kNoIndex) large_replies_[client] += link->partial.capacity();
      }
    }
  }
}

void MemoryCap::gather() {
  candidates_.clear();
  find_large_replies();
  clients_ = 0;
  std::uint64_t stopped = 0;
  context_.client_io->for_each([&](Client& client) {
    if (database_ != nullptr && client.database != database_) return;
    ++clients_;
    std::size_t bytes = client_bytes(context_, client).all();
    if (const auto large = large_replies_.find(client.index); large != large_replies_.end())
      bytes += large->second;
    if (stops(client)) ++stopped;
    if (bytes >= kSmallLeast || stops(client))
      candidates_.push_back({client.index, client.no_evict, bytes});
  });
  figures_.stopped_now.set(stopped);
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.bytes > b.bytes; });
}

void MemoryCap::stop_the_large(std::uint64_t used_by_all, std::uint64_t own) {
  // This worker's part of what all of them are to come down to.
  const auto aim =
      static_cast<std::uint64_t>(static_cast<double>(percent(budget_, kEaseBelow)) *
                                 static_cast<double>(own) / static_cast<double>(used_by_all));
  const std::uint64_t fair = fair_share(aim);
  std::uint64_t of_the_rest = own;
  for (const Candidate& candidate : candidates_) {
    Client& client = context_.clients[candidate.client];
    if (candidate.bytes < fair / 2) {
      if (!stops(client)) continue;
      read_on(client);
      figures_.stopped_now.subtract();
    } else if (stops(client)) {
      of_the_rest -= std::min<std::uint64_t>(of_the_rest, candidate.bytes);
    } else if (candidate.bytes > fair && of_the_rest > aim) {
      stop(client);
      of_the_rest -= std::min<std::uint64_t>(of_the_rest, candidate.bytes);
    }
  }
}

std::uint64_t MemoryCap::fair_share(std::uint64_t aim) const {
  const std::uint64_t clients = std::max<std::uint64_t>(clients_, 1);
  const std::uint64_t small = std::clamp<std::uint64_t>(aim / 4 / clients, kSmallLeast, kSmallMost);
  const auto large = static_cast<std::uint64_t>(
      std::count_if(candidates_.begin(), candidates_.end(),
                    [&](const Candidate& candidate) { return candidate.bytes >= small; }));
  return std::max(small, aim / std::max<std::uint64_t>(large, 1));
}

bool MemoryCap::is_stuck(const Client& client, std::uint64_t least_ms) const {
  const std::uint64_t since = std::max(client.stopped_at_ms, client.excused_at_ms);
  return stops(client) && context_.now_ms - since >= least_ms;
}

void MemoryCap::close_one_that_is_stuck() {
  if (context_.now_ms < next_end_ms_) return;
  const Candidate* largest = nullptr;
  for (const Candidate& candidate : candidates_) {
    if (!is_stuck(context_.clients[candidate.client], kStoppedMostMs)) continue;
    if (largest == nullptr || (largest->spared && !candidate.spared)) largest = &candidate;
  }
  if (largest == nullptr) return;
  next_end_ms_ = context_.now_ms + kEndMs;
  close(context_.clients[largest->client]);
  context_.links->drop_unwanted();
}

void MemoryCap::close_the_large(std::uint64_t used_by_all, std::uint64_t until,
                                std::uint64_t stuck_ms) {
  // What is freed from here on is freed of the budget: only clients that it is for are closed.
  const std::int64_t before = memory_use.total;
  const auto used = static_cast<std::int64_t>(used_by_all);
  const auto enough = static_cast<std::int64_t>(percent(budget_, until));
  std::stable_partition(candidates_.begin(), candidates_.end(),
                        [](const Candidate& candidate) { return !candidate.spared; });
  for (const Candidate& candidate : candidates_) {
    if (used - (before - memory_use.total) <= enough) return;
    Client& client = context_.clients[candidate.client];
    if (stuck_ms != 0 && !is_stuck(client, stuck_ms)) continue;
    close(client);
    if (large_replies_.contains(candidate.client)) context_.links->drop_unwanted();
  }
}

void MemoryCap::close(Client& client) {
  if (client.closing) return;  // with another one
  figures_.closed.add();
  context_.client_io->close(client);
}

}  // namespace slotgate
