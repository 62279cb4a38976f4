#include "core/ip_address.h"

#include <algorithm>
#include <cstddef>

#include "core/bytes.h"
#include "core/decimal.h"

namespace slotgate {

namespace {

constexpr std::size_t kV4At = 12;
constexpr std::size_t kGroupDigitsMost = 4;

/// Digits of either case; 16 for anything else.
std::uint32_t hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint32_t>(digit - '0');
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<std::uint32_t>(lower - 'a') + 10 : 16;
}

bool parse_group(std::string_view text, std::uint16_t& value) noexcept {
  if (text.empty() || text.size() > kGroupDigitsMost) return false;
  std::uint32_t sum = 0;
  for (const char digit : text) {
    const std::uint32_t nibble = hex_value(digit);
    if (nibble > 15) return false;
    sum = sum * 16 + nibble;
  }
  value = static_cast<std::uint16_t>(sum);
  return true;
}

/// Groups between single colons, the last of which may be an IPv4 address; at most 16 bytes.
struct Groups {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};

bool parse_groups(std::string_view text, bool may_end_as_v4, Groups& groups) noexcept {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool is_last = colon == std::string_view::npos;
    std::uint16_t value = 0;
    if (is_last && may_end_as_v4 && group.find('.') != std::string_view::npos) {
      const std::optional<IpAddress> v4 = parse_ipv4(group);
      if (!v4 || groups.size > kV4At) return false;
      std::copy(v4->bytes.begin() + kV4At, v4->bytes.end(), groups.bytes.begin() + groups.size);
      groups.size += 4;
      return true;
    }
    if (!parse_group(group, value) || groups.size == groups.bytes.size()) return false;
    groups.bytes[groups.size++] = static_cast<std::uint8_t>(value >> 8);
    groups.bytes[groups.size++] = static_cast<std::uint8_t>(value & 0xff);
    if (is_last) return true;
    text.remove_prefix(colon + 1);
    // A colon separates: something follows it.
    if (text.empty()) return false;
  }
  return true;
}

}  // namespace

IpAddress ipv4_address(const std::uint8_t* bytes) noexcept {
  IpAddress ip;
  std::copy_n(bytes, 4, ip.bytes.begin() + kV4At);
  ip.is_v4 = true;
  return ip;
}

IpAddress ipv6_address(const std::uint8_t* bytes) noexcept {
  constexpr std::array<std::uint8_t, kV4At> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes)) return ipv4_address(bytes + kV4At);
  IpAddress ip;
  std::copy_n(bytes, ip.bytes.size(), ip.bytes.begin());
  return ip;
}

std::optional<IpAddress> parse_ipv4(std::string_view text) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t dot = text.find('.');
    // The last number has no dot behind it, all others have one.
    if ((dot == std::string_view::npos) != (i + 1 == bytes.size())) return std::nullopt;
    std::int64_t value = -1;
    if (!parse_decimal(bytes_of(text.substr(0, dot)), value) || value < 0 || value > 255)
      return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(value);
    if (dot != std::string_view::npos) text.remove_prefix(dot + 1);
  }
  return ipv4_address(bytes.data());
}

std::optional<IpAddress> parse_ipv6(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  Groups head;
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, head) || head.size != head.bytes.size()) return std::nullopt;
    return ipv6_address(head.bytes.data());
  }
  Groups tail;
  if (!parse_groups(text.substr(0, gap), false, head) ||
      !parse_groups(text.substr(gap + 2), true, tail) ||
      // The gap stands for at least one group.
      head.size + tail.size > head.bytes.size() - 2) {
    return std::nullopt;
  }
  std::copy_n(tail.bytes.begin(), tail.size, head.bytes.end() - tail.size);
  return ipv6_address(head.bytes.data());
}

}  // namespace slotgate
