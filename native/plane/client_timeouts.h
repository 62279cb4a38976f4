#pragma once

#include <cstdint>

#include "plane/worker_context.h"

namespace slotgate {

/// Ends clients that keep a connection and do nothing with it, as PlaneLimits says: no timer per
/// client, but a look at each of them about once a second, a slice per turn.
class ClientTimeouts {
 public:
  explicit ClientTimeouts(WorkerContext& context) noexcept : context_(context) {}

  /// Begins another round if it is time. Called once in a while.
  void tick();
  /// Looks at the next clients of the round; there must be one.
  void run_slice();
  [[nodiscard]] bool has_more() const noexcept { return running_; }

 private:
  void look_at(Client& client);

  WorkerContext& context_;
  std::uint64_t next_round_ms_ = 0;
  std::uint32_t next_ = 0;  ///< index of the client to look at next
  bool running_ = false;
};

}  // namespace slotgate
