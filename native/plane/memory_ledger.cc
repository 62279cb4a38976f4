#include "plane/memory_ledger.h"

namespace slotgate {

MemoryTotal DatabaseMemory::total_since(std::uint64_t ms) const noexcept {
  MemoryTotal total;
  for (const Page& page : pages_) {
    if (page.measured_at_ms.get() >= ms) total.bytes += page.bytes.get();
    total.refusing = total.refusing || page.full.get() != 0;
  }
  return total;
}

DatabaseMemory& MemoryLedger::of(std::uint32_t database) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<DatabaseMemory>& found = databases_[database];
  if (!found) found = std::make_unique<DatabaseMemory>(workers_);
  return *found;
}

}  // namespace slotgate
