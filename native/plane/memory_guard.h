#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "plane/owned_bytes.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Keeps what traffic makes the workers keep within one budget.
///
///   from 80 % of it   a worker that uses more than its part reads no more from clients that use
///                     more than their fair share, the largest first, until the others use less
///                     than 70 %; it leaves large replies to them at the servers. Below 70 %
///                     everybody is read again
///   from 100 %        new clients are refused until less than 80 % are used, and the largest are
///                     closed until 90 % are; those with CLIENT NO-EVICT last
///
/// A client that was not read for kStoppedMostMs keeps others from being read for no use: the
/// largest of those is closed. So a request or a reply that does not fit never stops everything.
///
/// Each worker counts what it allocates (MemoryUse) and publishes it once per turn; the figures of
/// the others are read only when its own part of the budget is used up. Nothing is done per request
/// and, while memory is at ease, nothing per client.
class MemoryGuard {
 public:
  /// What all workers have published.
  struct Total {
    std::uint64_t bytes = 0;
    bool refusing = false;  ///< one of them is over the budget, and refuses clients
  };

  explicit MemoryGuard(WorkerContext& context) noexcept : context_(context) {}

  /// Where the figures of all workers come from.
  void watch_total(std::function<Total()> total) { total_ = std::move(total); }
  /// Of all workers together, in bytes; 0: no limit.
  void set_budget(std::uint64_t bytes);

  /// Once per turn.
  void look() {
    const std::int64_t used = memory_use.total;
    context_.counters->memory_bytes.set(static_cast<std::uint64_t>(used > 0 ? used : 0));
    turn_limit_ = used + turn_allowance_;
    if (used >= act_at_ || level_ != Level::kEase) [[unlikely]]
      act();
  }
  /// So much was allocated in this turn that no more should be read before the next look().
  [[nodiscard]] bool turn_is_spent() const noexcept { return memory_use.total > turn_limit_; }
  /// True if there is no room for another client.
  [[nodiscard]] bool refuses() const;
  /// True while look() should not wait long.
  [[nodiscard]] bool hurried() const noexcept { return level_ != Level::kEase; }
  /// Closes a client for want of memory.
  void close(Client& client);

  /// Tells what memory is used for, and lets records rest. Once in a while, between two turns.
  void tick();

  /// What would be freed sooner or later if the client were closed: its input, output and
  /// transaction, its requests that wait and their replies.
  [[nodiscard]] std::size_t bytes_of(const Client& client) const;

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
  void act();
  void set_level(Level level);
  /// Everybody is read again.
  void ease();
  void read_on(Client& client);
  /// Finds who uses how much, the largest first.
  void gather();
  /// What has gathered of replies that are not complete, by client.
  void find_large_replies();
  /// What each client may use that uses much, if all together are to use `aim`.
  [[nodiscard]] std::uint64_t fair_share(std::uint64_t aim) const;
  void stop_the_large(std::uint64_t used_by_all);
  void close_one_that_is_stuck();
  void close_the_large(std::uint64_t used_by_all);

  WorkerContext& context_;
  std::function<Total()> total_ = [] { return Total{}; };
  std::uint64_t budget_ = 0;
  std::int64_t act_at_ = INT64_MAX;
  std::int64_t turn_limit_ = INT64_MAX;
  std::int64_t turn_allowance_ = INT64_MAX / 2;
  Level level_ = Level::kEase;
  std::uint64_t next_round_ms_ = 0;
  std::uint64_t next_round_at_ = 0;  ///< bytes that all workers use
  std::uint64_t next_end_ms_ = 0;
  std::uint64_t next_rest_ms_ = 0;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::uint32_t, std::size_t> large_replies_;
};

}  // namespace slotgate
