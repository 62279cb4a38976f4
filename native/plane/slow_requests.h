#pragma once

#include <cstdint>

#include "plane/link.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Tells the control plane of requests that took long, from their arrival to their reply: of all
/// that there are seldom, of some when all are slow since there are too many of them.
class SlowRequests {
 public:
  /// So many are told of in each window; more would push each other out of the log at once, and
  /// cost an overloaded process what it does not have.
  static constexpr std::uint32_t kNotesPerWindow = 128;
  static constexpr std::uint32_t kWindowMs = 100;

  explicit SlowRequests(WorkerContext& context) noexcept : context_(context) {}

  /// The reply to a request that is still in the link's stream.
  void answered(const Link& link, const Request& request) {
    if (is_slow(*link.database, request)) [[unlikely]]
      note(*link.database, request, {link.stream.at(request.offset), request.length});
  }
  /// The reply to a request whose frame is its own.
  void answered(const Database& database, const Request& request) {
    if (is_slow(database, request)) note(database, request, {request.owned.get(), request.length});
  }

 private:
  [[nodiscard]] bool is_slow(const Database& database, const Request& request) const noexcept {
    return context_.turn_stamp() - request.arrived_ms >= database.slow_after_ms;
  }
  void note(const Database& database, const Request& request, Bytes frame);
  [[nodiscard]] bool has_room() noexcept;

  WorkerContext& context_;
  RequestFramer framer_;
  std::uint32_t window_began_ms_ = 0;
  std::uint32_t noted_ = 0;  ///< in this window
};

}  // namespace slotgate
