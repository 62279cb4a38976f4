#pragma once

#include <cstdint>

#include "plane/link.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Tells the control plane of requests that took long, from their arrival to their reply.
class SlowRequests {
 public:
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

  WorkerContext& context_;
  RequestFramer framer_;
};

}  // namespace slotgate
