#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "plane/worker_context.h"

namespace slotgate {

/// What all workers have published.
struct MemoryTotal {
  std::uint64_t bytes = 0;
  bool refusing = false;  ///< one of them is over the budget, and refuses clients
};

/// Whose cap keeps a client from being read, as bits of Client::stopped_by.
enum StoppedBy : std::uint8_t {
  kStoppedForProcess = 1U << 0,
  kStoppedForDatabase = 1U << 1,
};

/// Keeps what the clients of all databases, or those of one, make the workers keep within a budget:
/// one worker's part of it.
///
///   from 80 % of it   a worker that uses more than its part reads no more from clients that use
///                     more than their fair share, the largest first, until the others use less
///                     than 70 %; it leaves large replies to them at the servers. Below 70 %
///                     everybody is read again
///   from 100 %        new clients are refused until less than 80 % are used, and the largest are
///                     closed until 90 % are; those with CLIENT NO-EVICT last. Whoever was not read
///                     for kStoppedWhileFullMostMs meanwhile is closed, too, until new clients are
///                     let in again
///
/// A client that was not read for kStoppedMostMs keeps others from being read for no use: the
/// largest of those is closed. So a request or a reply that does not fit never stops everything.
///
/// Who is stopped by two caps is read again when both let it.
class MemoryCap {
 public:
  /// Where it is told what the cap does.
  struct Figures {
    Counter& full;
    Counter& stopped_now;
    Counter& stops;
    Counter& closed;
  };

  /// @param database Whose clients it is for; nullptr: all.
  MemoryCap(WorkerContext& context, const Database* database, Figures figures) noexcept;

  /// Of all workers together, in bytes; 0: no limit.
  void set_budget(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t budget() const noexcept { return budget_; }
  /// While everybody is read, and the worker uses less, there is nothing to do; INT64_MAX: ever.
  [[nodiscard]] std::int64_t act_at() const noexcept { return act_at_; }
  [[nodiscard]] bool at_ease() const noexcept { return level_ == Level::kEase; }
  /// True if there is no room for another client.
  [[nodiscard]] bool refuses(const MemoryTotal& total) const noexcept {
    return budget_ != 0 && (total.refusing || total.bytes >= budget_);
  }

  /// @param used_by_all Of the budget, in bytes.
  /// @param own What this worker uses of that.
  void act(std::uint64_t used_by_all, std::uint64_t own);
  /// Closes a client for want of memory.
  void close(Client& client);

 private:
  enum class Level : std::uint8_t {
    kEase,
    kShort,
    kFull,
  };
  struct Candidate {
    std::uint32_t client;
    bool spared;  ///< NO-EVICT
    std::size_t bytes;
  };
  void set_level(Level level);
  /// Everybody is read again.
  void ease();
  [[nodiscard]] bool stops(const Client& client) const noexcept {
    return (client.stopped_by & mark_) != 0;
  }
  void stop(Client& client);
  void read_on(Client& client);
  /// Finds who uses how much, the largest first.
  void gather();
  /// What has gathered of replies that are not complete, by client.
  void find_large_replies();
  /// What each client may use that uses much, if all together are to use `aim`.
  [[nodiscard]] std::uint64_t fair_share(std::uint64_t aim) const;
  void stop_the_large(std::uint64_t used_by_all, std::uint64_t own);
  /// It was not read, and took nothing, for so long.
  [[nodiscard]] bool is_stuck(const Client& client, std::uint64_t least_ms) const;
  void close_one_that_is_stuck();
  /// @param until Percent of the budget.
  /// @param stuck_ms Only those that have been stuck for so long; 0: all.
  void close_the_large(std::uint64_t used_by_all, std::uint64_t until, std::uint64_t stuck_ms);

  WorkerContext& context_;
  const Database* const database_;
  const std::uint8_t mark_;
  const Figures figures_;
  std::uint64_t budget_ = 0;
  std::int64_t act_at_ = INT64_MAX;
  Level level_ = Level::kEase;
  std::uint64_t next_round_ms_ = 0;
  std::uint64_t next_round_at_ = 0;  ///< bytes that all workers use
  std::uint64_t next_end_ms_ = 0;
  std::uint64_t clients_ = 0;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::uint32_t, std::size_t> large_replies_;
};

}  // namespace slotgate
