#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/crc16.h"

namespace slotgate {

/// A server as the control plane names it.
struct ServerEntry {
  std::string node_id;  ///< 40 hex digits, or empty: not checked
  std::string host;     ///< numeric address, or empty with `path`
  std::uint16_t port = 0;
  std::string path;                         ///< unix socket
  std::string label;                        ///< for error texts
  std::vector<std::string> redirect_names;  ///< every `host:port` by which a redirect may name it

  /// The same server at the same place, whatever it is called.
  [[nodiscard]] bool same_place(const ServerEntry& other) const noexcept {
    return node_id == other.node_id && host == other.host && port == other.port &&
           path == other.path;
  }
};

/// Who owns what, at one instant. Immutable; shared by all workers of a database.
struct RouteSnapshot {
  static constexpr std::uint16_t kNobody = 0xffff;

  std::uint64_t version = 0;
  /// uv_hrtime() / 1e6 at which the refresh behind it began.
  std::uint64_t refresh_started_ms = 0;
  std::vector<ServerEntry> servers;
  std::array<std::uint16_t, kSlotCount> slot_to_server{};
  /// Servers that reads may be sent to instead of the owner; none is empty. The owner may be one.
  std::vector<std::vector<std::uint16_t>> reader_sets;
  /// For each slot one of `reader_sets`; kNobody: reads go to the owner. Empty: all of them do.
  std::vector<std::uint16_t> slot_to_readers;
};

}  // namespace slotgate
