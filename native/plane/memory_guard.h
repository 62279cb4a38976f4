#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "plane/memory_cap.h"
#include "plane/memory_ledger.h"
#include "plane/owned_bytes.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Keeps what traffic makes the workers keep within the budget of the process, and within those of
/// databases that have one; see MemoryCap for how.
///
/// Each worker counts what it allocates (MemoryUse) and publishes it once per turn; the figures of
/// the others are read only when its own part of the budget is used up. Nothing is done per request
/// and, while memory is at ease, nothing per client.
///
/// What a database uses is not counted: it is measured, by a walk over its clients and links, while
/// the worker uses so much in all that the database might use up the worker's part of its budget. A
/// worker in which it does has the others measure, too. Where nobody has measured of late, the
/// database uses little.
class MemoryGuard {
 public:
  MemoryGuard(WorkerContext& context, WorkerCounters& counters, MemoryLedger& ledger) noexcept;

  /// Where the figures of all workers come from.
  void watch_total(std::function<MemoryTotal()> total) { total_ = std::move(total); }
  /// Of the process: of all workers together, in bytes; 0: no limit.
  void set_budget(std::uint64_t bytes);
  /// Those of a database, and with them its budget, are others now.
  void settings_changed(const Database& database);

  /// Once per turn.
  void look() {
    const std::int64_t used = memory_use.total;
    context_.counters->memory_bytes.set(static_cast<std::uint64_t>(used > 0 ? used : 0));
    turn_limit_ = used + turn_allowance_;
    if (used >= act_at_ || hurried_) [[unlikely]]
      act(used);
  }
  /// So much was allocated in this turn that no more should be read before the next look().
  [[nodiscard]] bool turn_is_spent() const noexcept { return memory_use.total > turn_limit_; }
  /// True if there is no room for another client of the database; counted.
  [[nodiscard]] bool refuses(const Database& database);
  /// True while look() should not wait long.
  [[nodiscard]] bool hurried() const noexcept { return hurried_; }
  /// Closes a client that is stopped for want of memory.
  void close(Client& client);

  /// Tells what memory is used for, and lets records rest. Once in a while, between two turns.
  void tick();

  /// Measures the databases that have budgets and publishes that, unless it was done just now.
  void measure_for_others();

 private:
  struct Capped {
    const Database* database;
    DatabaseMemory* memory;  ///< in the ledger
    MemoryCap cap;
    std::uint64_t measured = 0;  ///< bytes
  };

  void act(std::int64_t used);
  void look_at_databases(std::int64_t used);
  /// Measures the databases that have budgets.
  void measure();
  /// Has the workers measure that have not done so of late. True if what one of them uses will only
  /// be known then.
  [[nodiscard]] bool ask_others(const Capped& capped);
  [[nodiscard]] Capped* capped(const Database& database);
  void plan();

  WorkerContext& context_;
  MemoryLedger& ledger_;
  std::function<MemoryTotal()> total_ = [] { return MemoryTotal{}; };
  MemoryCap process_;
  std::vector<std::unique_ptr<Capped>> databases_;
  std::int64_t act_at_ = INT64_MAX;
  std::int64_t databases_act_at_ = INT64_MAX;
  std::int64_t turn_limit_ = INT64_MAX;
  std::int64_t turn_allowance_ = INT64_MAX / 2;
  bool hurried_ = false;
  bool databases_hurried_ = false;
  std::uint64_t looked_at_ms_ = 0;  ///< at the databases
  std::uint64_t measured_at_ms_ = 0;
  std::int64_t least_since_look_ = 0;  ///< that was in use
  std::uint64_t next_rest_ms_ = 0;
};

}  // namespace slotgate
