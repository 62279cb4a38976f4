#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace slotgate {

/// An IP address: 16 bytes, IPv4 in the last 4. An IPv4-mapped IPv6 address is an IPv4 address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
};

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

/// The presentation of the first rule that holds the peer, else that of the last one; the last rule
/// is for all clients, and the only one for those of unix sockets.
[[nodiscard]] std::uint16_t presentation_of(const std::vector<PeerRule>& rules,
                                            const sockaddr_storage& peer) noexcept;

}  // namespace slotgate
