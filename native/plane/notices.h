#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "plane/worker_context.h"

namespace slotgate {

/// What clients are told that asked for maintenance notices of this kind.
struct Notice {
  AudienceNames to;
  std::uint8_t kind = 0;
  std::string frame;  ///< one RESP3 push, complete
};

/// Tells the clients of this worker, a slice per turn, one notice after the other.
class Notices {
 public:
  explicit Notices(WorkerContext& context) noexcept : context_(context) {}

  void start(std::shared_ptr<const Notice> notice);
  /// The next slice of the oldest notice; there must be one.
  void run_slice();
  [[nodiscard]] bool has_more() const noexcept { return !running_.empty(); }

 private:
  struct Running {
    std::shared_ptr<const Notice> notice;
    std::uint32_t next = 0;  ///< index of the client to look at next
  };

  WorkerContext& context_;
  std::deque<Running> running_;
};

}  // namespace slotgate
