#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/ip_address.h"

namespace slotgate {

/// One end of a TCP connection.
struct IpEnd {
  IpAddress address;
  std::uint16_t port = 0;

  bool operator==(const IpEnd&) const = default;
};

/// The connection of a client to the sender of a header.
struct ProxiedConnection {
  IpEnd source;
  IpEnd destination;

  bool operator==(const ProxiedConnection&) const = default;
};

/// True if the line (without its end) is one of version 1.
[[nodiscard]] bool is_proxy_header(Bytes line) noexcept;

enum class ProxyHeaderStatus : std::uint8_t {
  kNeedMore,
  kComplete,  ///< connection() is valid; what follows is the client's
  kError,     ///< error() is valid; the connection is to be closed
};

/// Reads the header of the PROXY protocol, version 1 or 2, from the beginning of a connection,
/// however it is cut. Takes no byte behind it.
/// Source: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
class ProxyHeaderReader {
 public:
  /// Longest line of version 1, its end included.
  static constexpr std::size_t kLineMost = 107;
  /// Longest header of version 2, with what senders add behind the addresses (TLVs), which is
  /// skipped. The protocol allows 64 KiB; load balancers send less than 1 KiB.
  static constexpr std::size_t kBinaryMost = 4096;

  /// `input` continues what was taken so far. After kNeedMore all of it was taken.
  ProxyHeaderStatus read(Bytes input) noexcept;

  /// Bytes of the last input that belong to the header.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
  /// True if any byte of a header has arrived.
  [[nodiscard]] bool begun() const noexcept { return size_ != 0; }
  /// After kComplete. Nothing: the connection is the sender's own (LOCAL), or the sender knows no
  /// IP addresses of it (UNKNOWN, UNSPEC, unix sockets).
  [[nodiscard]] const std::optional<ProxiedConnection>& connection() const noexcept {
    return connection_;
  }
  /// What is wrong, as the end of a sentence about the header.
  [[nodiscard]] std::string_view error() const noexcept { return error_; }

 private:
  [[nodiscard]] ProxyHeaderStatus take(std::uint8_t byte) noexcept;
  [[nodiscard]] ProxyHeaderStatus read_line() noexcept;
  [[nodiscard]] ProxyHeaderStatus read_fixed_part() noexcept;
  void read_binary_ends() noexcept;
  ProxyHeaderStatus fail(std::string_view error) noexcept;

  /// What is kept of the header: the line, or the fixed part and the addresses.
  std::array<std::uint8_t, kLineMost> kept_{};
  std::size_t size_ = 0;           ///< bytes of the header so far
  std::size_t announced_ = 0;      ///< of version 2: the size of the whole header; 0: not known yet
  std::size_t address_bytes_ = 0;  ///< of one address of version 2; 0: there is none to be read
  std::size_t consumed_ = 0;
  std::optional<ProxiedConnection> connection_;
  std::string_view error_;
};

}  // namespace slotgate
