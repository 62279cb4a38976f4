#pragma once

#include <cstddef>

#include "plane/worker_context.h"

namespace slotgate {

/// What a client makes its worker keep, beside its record.
struct ClientBytes {
  /// Its input, output and transaction, its requests that wait and their replies.
  std::size_t own = 0;
  /// Its requests in the send buffers of links.
  std::size_t in_links = 0;

  /// What would be freed sooner or later if it were closed.
  [[nodiscard]] std::size_t all() const noexcept { return own + in_links; }
};

[[nodiscard]] ClientBytes client_bytes(WorkerContext& context, const Client& client);

}  // namespace slotgate
