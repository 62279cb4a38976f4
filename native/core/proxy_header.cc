#include "core/proxy_header.h"

#include <algorithm>

#include "core/decimal.h"

namespace slotgate {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kText = "PROXY "sv;
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
/// Signature, version and command, family, length.
constexpr std::size_t kFixedBytes = 16;
constexpr std::string_view kNoHeader = "is missing";
constexpr std::string_view kMalformed = "of version 1 is malformed";

enum Command : std::uint8_t { kLocal = 0, kProxy = 1 };
enum Family : std::uint8_t { kUnspecified = 0, kIpv4 = 1, kIpv6 = 2, kUnix = 3 };
enum Transport : std::uint8_t { kUnspecifiedTransport = 0, kStream = 1, kDatagram = 2 };

/// Bytes that the addresses of a family take, ports included.
std::size_t address_block_bytes(std::uint8_t family) noexcept {
  switch (family) {
    case kIpv4:
      return 2 * (4 + 2);
    case kIpv6:
      return 2 * (16 + 2);
    case kUnix:
      return 2 * 108;
    default:
      return 0;
  }
}

std::uint16_t read_u16(const std::uint8_t* data) noexcept {
  return static_cast<std::uint16_t>(data[0] << 8 | data[1]);
}

bool parse_port(std::string_view text, std::uint16_t& port) noexcept {
  std::int64_t value = -1;
  if (!parse_decimal(bytes_of(text), value) || value < 0 || value > 65535) return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

/// The text up to the next blank, or to the end, taken off the front together with the blank.
std::string_view take_field(std::string_view& rest) noexcept {
  const std::size_t blank = rest.find(' ');
  const std::string_view field = rest.substr(0, blank);
  rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  return field;
}

std::optional<ProxiedConnection> parse_ends(std::string_view rest, bool is_v4) noexcept {
  // Exactly three blanks: the fields can be neither missing nor more.
  if (std::count(rest.begin(), rest.end(), ' ') != 3) return std::nullopt;
  const auto address = [&] {
    const std::string_view text = take_field(rest);
    return is_v4 ? parse_ipv4(text) : parse_ipv6(text);
  };
  const std::optional<IpAddress> source = address();
  const std::optional<IpAddress> destination = address();
  ProxiedConnection ends;
  if (!source || !destination || !parse_port(take_field(rest), ends.source.port) ||
      !parse_port(rest, ends.destination.port)) {
    return std::nullopt;
  }
  ends.source.address = *source;
  ends.destination.address = *destination;
  return ends;
}

}  // namespace

bool is_proxy_header(Bytes line) noexcept {
  const std::string_view text = line.text();
  return text.starts_with("PROXY TCP4 ") || text.starts_with("PROXY TCP6 ") ||
         text.starts_with("PROXY UNKNOWN");
}

ProxyHeaderStatus ProxyHeaderReader::read(Bytes input) noexcept {
  consumed_ = 0;
  while (consumed_ < input.size) {
    // What lies behind the addresses of version 2 is not looked at.
    if (announced_ != 0 && size_ >= kFixedBytes + 2 * address_bytes_) {
      const std::size_t skipped = std::min(input.size - consumed_, announced_ - size_);
      size_ += skipped;
      consumed_ += skipped;
    } else if (const ProxyHeaderStatus status = take(input.data[consumed_++]);
               status != ProxyHeaderStatus::kNeedMore) {
      return status;
    }
    if (announced_ != 0 && size_ == announced_) return ProxyHeaderStatus::kComplete;
  }
  return ProxyHeaderStatus::kNeedMore;
}

ProxyHeaderStatus ProxyHeaderReader::take(std::uint8_t byte) noexcept {
  const bool is_text = (size_ == 0 ? byte : kept_[0]) == static_cast<std::uint8_t>(kText[0]);
  const std::string_view start = is_text ? kText : kSignature;
  if (size_ < start.size() && byte != static_cast<std::uint8_t>(start[size_]))
    return fail(kNoHeader);
  if (size_ == kept_.size()) return fail("of version 1 has more than 107 bytes");
  kept_[size_++] = byte;
  if (is_text) return byte == '\n' ? read_line() : ProxyHeaderStatus::kNeedMore;
  if (size_ == kFixedBytes) return read_fixed_part();
  if (size_ == kFixedBytes + 2 * address_bytes_) read_binary_ends();
  return ProxyHeaderStatus::kNeedMore;
}

ProxyHeaderStatus ProxyHeaderReader::read_line() noexcept {
  std::string_view line = Bytes{kept_.data(), size_}.text();
  line.remove_prefix(kText.size());
  if (!line.ends_with("\r\n")) return fail(kMalformed);
  line.remove_suffix(2);
  const std::string_view protocol = take_field(line);
  // What may follow UNKNOWN says nothing.
  if (protocol == "UNKNOWN") return ProxyHeaderStatus::kComplete;
  if (protocol != "TCP4" && protocol != "TCP6") return fail(kMalformed);
  connection_ = parse_ends(line, protocol == "TCP4");
  return connection_ ? ProxyHeaderStatus::kComplete : fail(kMalformed);
}

ProxyHeaderStatus ProxyHeaderReader::read_fixed_part() noexcept {
  const std::uint8_t version = kept_[12] >> 4;
  const std::uint8_t command = kept_[12] & 0x0fU;
  const std::uint8_t family = kept_[13] >> 4;
  const std::uint8_t transport = kept_[13] & 0x0fU;
  const std::size_t length = read_u16(kept_.data() + 14);
  if (version != 2) return fail("has a version that is not known");
  if (command > kProxy) return fail("has a command that is not known");
  if (kFixedBytes + length > kBinaryMost) return fail("of version 2 has more than 4096 bytes");
  announced_ = kFixedBytes + length;
  if (command == kLocal) return ProxyHeaderStatus::kNeedMore;
  if (family > kUnix || transport > kDatagram)
    return fail("has a family of addresses that is not known");
  if (length < address_block_bytes(family)) return fail("has no room for its addresses");
  if (transport == kStream && family == kIpv4) address_bytes_ = 6;
  if (transport == kStream && family == kIpv6) address_bytes_ = 18;
  return ProxyHeaderStatus::kNeedMore;
}

void ProxyHeaderReader::read_binary_ends() noexcept {
  const std::uint8_t* const source = kept_.data() + kFixedBytes;
  const std::size_t bytes = address_bytes_ - 2;
  const auto address = bytes == 4 ? ipv4_address : ipv6_address;
  const std::uint8_t* const ports = source + 2 * bytes;
  connection_ = ProxiedConnection{{address(source), read_u16(ports)},
                                  {address(source + bytes), read_u16(ports + 2)}};
}

ProxyHeaderStatus ProxyHeaderReader::fail(std::string_view error) noexcept {
  error_ = error;
  return ProxyHeaderStatus::kError;
}

}  // namespace slotgate
