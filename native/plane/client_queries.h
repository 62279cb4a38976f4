#pragma once

#include <cstdint>
#include <deque>

#include "plane/client_record.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Tells the control plane about the clients of this worker, a slice per turn, so that thousands of
/// them are not felt by anybody.
class ClientQueries {
 public:
  explicit ClientQueries(WorkerContext& context) noexcept : context_(context) {}

  /// Reports go up, the last one marked as done.
  void start(ClientQuery query);
  /// The next slice of one of the queries; there must be one.
  void run_slice();
  [[nodiscard]] bool has_more() const noexcept { return !running_.empty(); }

 private:
  struct Running {
    ClientQuery query;
    std::uint32_t next = 0;  ///< index of the client to look at next
  };

  /// True if it was the last one.
  bool take_slice(Running& running);
  [[nodiscard]] ClientRecord describe(const Client& client) const;

  WorkerContext& context_;
  std::deque<Running> running_;
};

}  // namespace slotgate
