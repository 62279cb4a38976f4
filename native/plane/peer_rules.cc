#include "plane/peer_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/decimal.h"

namespace slotgate {

namespace {

constexpr std::size_t kV4At = 12;
constexpr std::uint8_t kV4Bits = 96;

IpAddress from_v4(const in_addr& address) noexcept {
  IpAddress ip;
  std::memcpy(ip.bytes.data() + kV4At, &address, sizeof address);
  ip.is_v4 = true;
  return ip;
}

IpAddress from_v6(const in6_addr& address) noexcept {
  IpAddress ip;
  std::memcpy(ip.bytes.data(), &address, sizeof address);
  ip.is_v4 = IN6_IS_ADDR_V4MAPPED(&address);
  if (ip.is_v4) std::fill_n(ip.bytes.begin(), kV4At, std::uint8_t{0});
  return ip;
}

}  // namespace

bool AddressRange::holds(const IpAddress& address) const noexcept {
  if (address.is_v4 != first.is_v4) return false;
  const std::size_t whole = bits / 8;
  if (!std::equal(first.bytes.begin(), first.bytes.begin() + whole, address.bytes.begin()))
    return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (first.bytes[whole] ^ address.bytes[whole]) >> (8 - rest) == 0;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  in_addr v4{};
  in6_addr v6{};
  AddressRange range;
  bool written_as_v4 = true;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    range.first = from_v4(v4);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    range.first = from_v6(v6);
    written_as_v4 = false;
  } else {
    return std::nullopt;
  }
  const std::int64_t most = written_as_v4 ? 32 : 128;
  std::int64_t bits = most;
  const bool has_bits = slash != std::string_view::npos;
  if (has_bits && !parse_decimal(bytes_of(text.substr(slash + 1)), bits)) return std::nullopt;
  if (bits < 0 || bits > most) return std::nullopt;
  if (written_as_v4) bits += kV4Bits;
  // So few bits of a mapped address would hold addresses of both kinds.
  if (range.first.is_v4 && bits < kV4Bits) return std::nullopt;
  range.bits = static_cast<std::uint8_t>(bits);
  return range;
}

std::optional<IpAddress> ip_of(const sockaddr_storage& peer) noexcept {
  if (peer.ss_family == AF_INET)
    return from_v4(reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr);
  if (peer.ss_family == AF_INET6)
    return from_v6(reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr);
  return std::nullopt;
}

std::uint16_t presentation_of(const std::vector<PeerRule>& rules,
                              const sockaddr_storage& peer) noexcept {
  const std::optional<IpAddress> ip = ip_of(peer);
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const PeerRule& candidate) {
    return ip && (!candidate.range || candidate.range->holds(*ip));
  });
  return rule != rules.end() ? rule->presentation : rules.back().presentation;
}

}  // namespace slotgate
