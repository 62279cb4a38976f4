#pragma once

#include <cstdint>
#include <optional>

#include "core/proxy_header.h"

namespace slotgate {

/// A connection whose client is known, on its way to the worker that will serve it.
struct Arrival {
  int fd = -1;
  std::uint16_t presentation = 0;  ///< the number of what the client is shown
  /// The client's own connection, where it came through a sender of the PROXY protocol that told
  /// it.
  std::optional<ProxiedConnection> proxied;
};

}  // namespace slotgate
