#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace slotgate {

/// An IP address: 16 bytes, IPv4 in the last 4. An IPv4-mapped IPv6 address is an IPv4 address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;

  bool operator==(const IpAddress&) const = default;
};

/// From 4 bytes in network order.
[[nodiscard]] IpAddress ipv4_address(const std::uint8_t* bytes) noexcept;
/// From 16 bytes in network order.
[[nodiscard]] IpAddress ipv6_address(const std::uint8_t* bytes) noexcept;

/// Dotted decimal, four numbers without leading zeros: what inet_pton(AF_INET) takes.
[[nodiscard]] std::optional<IpAddress> parse_ipv4(std::string_view text) noexcept;
/// The forms of RFC 4291, section 2.2, without brackets or a zone: what inet_pton(AF_INET6) takes.
[[nodiscard]] std::optional<IpAddress> parse_ipv6(std::string_view text) noexcept;

}  // namespace slotgate
