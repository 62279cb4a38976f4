#include "plane/peer_rules.h"

#include <netinet/in.h>

#include <algorithm>

#include "core/decimal.h"

namespace slotgate {

namespace {

constexpr std::uint8_t kV4Bits = 96;

const std::uint8_t* bytes_at(const void* address) noexcept {
  return static_cast<const std::uint8_t*>(address);
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
  const std::string_view host = text.substr(0, slash);
  const std::optional<IpAddress> v4 = parse_ipv4(host);
  const std::optional<IpAddress> first = v4 ? v4 : parse_ipv6(host);
  if (!first) return std::nullopt;
  AddressRange range;
  range.first = *first;
  const bool written_as_v4 = v4.has_value();
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
    return ipv4_address(bytes_at(&reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr));
  if (peer.ss_family == AF_INET6)
    return ipv6_address(bytes_at(&reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr));
  return std::nullopt;
}

std::uint16_t presentation_of(const std::vector<PeerRule>& rules,
                              const std::optional<IpAddress>& ip) noexcept {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const PeerRule& candidate) {
    return ip && (!candidate.range || candidate.range->holds(*ip));
  });
  return rule != rules.end() ? rule->presentation : rules.back().presentation;
}

bool ListenerRules::expects_header(const sockaddr_storage& peer) const noexcept {
  const std::optional<IpAddress> ip = ip_of(peer);
  if (!ip) return trusts_unix_sockets;
  return std::any_of(senders.begin(), senders.end(),
                     [&](const AddressRange& range) { return range.holds(*ip); });
}

}  // namespace slotgate
