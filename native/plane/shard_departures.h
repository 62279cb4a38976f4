#pragma once

#include <cstddef>
#include <cstdint>

#include "plane/presentation.h"
#include "plane/worker_context.h"

namespace slotgate {

/// When a presentation names another proxy for a slot that was served here, its clients lose their
/// shard channels of the slot and are told so, as by a server that loses one: then they subscribe
/// there. Looks at the clients of this worker, a slice per turn.
class ShardDepartures {
 public:
  explicit ShardDepartures(WorkerContext& context) noexcept : context_(context) {}

  /// Clients are shown something else now: they are looked at from the first one again.
  void published(const Presentations& presentations) noexcept;
  /// The next slice; there must be one.
  void run_slice();
  [[nodiscard]] bool has_more() const noexcept { return running_; }

 private:
  WorkerContext& context_;
  bool running_ = false;
  std::uint32_t next_ = 0;  ///< index of the client to look at next
};

}  // namespace slotgate
