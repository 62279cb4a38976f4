#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "plane/counters.h"
#include "plane/memory_cap.h"

namespace slotgate {

/// What the traffic of one database makes the workers keep: a page for each worker, which only the
/// worker writes.
class DatabaseMemory {
 public:
  struct alignas(64) Page {
    Counter bytes;           ///< when it was measured
    Counter measured_at_ms;  ///< 0: it is not
    Counter full;
    Counter stopped_now;
    Counter stops;
    Counter closed;
    Counter refused;
  };

  explicit DatabaseMemory(std::uint32_t workers) : pages_(workers) {}
  [[nodiscard]] Page& page(std::uint32_t worker) noexcept { return pages_[worker]; }
  [[nodiscard]] const std::vector<Page>& pages() const noexcept { return pages_; }
  /// Of the workers that have measured it since then.
  [[nodiscard]] MemoryTotal total_since(std::uint64_t ms) const noexcept;

 private:
  std::vector<Page> pages_;
};

/// The databases of all workers. Any thread; asked for a database when its settings change.
class MemoryLedger {
 public:
  explicit MemoryLedger(std::uint32_t workers) noexcept : workers_(workers) {}
  /// Stays for as long as the ledger.
  [[nodiscard]] DatabaseMemory& of(std::uint32_t database);

 private:
  const std::uint32_t workers_;
  std::mutex mutex_;
  std::unordered_map<std::uint32_t, std::unique_ptr<DatabaseMemory>> databases_;
};

}  // namespace slotgate
