#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/ip_address.h"

namespace slotgate {

/// Addresses that begin alike.
struct AddressRange {
  IpAddress first;
  std::uint8_t bits = 0;  ///< of `first.bytes` that an address must share

  [[nodiscard]] bool holds(const IpAddress& address) const noexcept;
};

/// `address/bits` or a single address, IPv4 or IPv6; bits behind the prefix do not matter.
[[nodiscard]] std::optional<AddressRange> parse_address_range(std::string_view text);

/// The address of a peer; nothing for a unix socket.
[[nodiscard]] std::optional<IpAddress> ip_of(const sockaddr_storage& peer) noexcept;

/// Says for the clients of a listener which presentation they are shown.
struct PeerRule {
  std::optional<AddressRange> range;  ///< nothing: all clients
  std::uint16_t presentation = 0;
};

/// The presentation of the first rule that holds the address, else that of the last one; the last
/// rule is for all clients, and the only one for those without an address.
[[nodiscard]] std::uint16_t presentation_of(const std::vector<PeerRule>& rules,
                                            const std::optional<IpAddress>& ip) noexcept;

/// Who may connect to a listener, and what clients are shown.
struct ListenerRules {
  std::vector<PeerRule> peers{1};  ///< not empty
  /// Those of whom a header of the PROXY protocol is expected, which says who their clients are.
  std::vector<AddressRange> senders;
  bool trusts_unix_sockets = false;  ///< the same for all that come through a unix socket

  [[nodiscard]] bool expects_header(const sockaddr_storage& peer) const noexcept;
};

}  // namespace slotgate
