#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/proxy_header.h"
#include "plane/route_snapshot.h"

namespace slotgate {

/// A connecting socket, non-blocking and close-on-exec, or -1 with `error` set (a sentence).
[[nodiscard]] int connect_to(const ServerEntry& server, std::uint32_t keepalive_seconds,
                             std::string& error);
/// The pending error of a socket that became writable; 0 if it is connected.
[[nodiscard]] int connect_result(int fd) noexcept;

/// TCP_NODELAY and keep-alive; nothing for unix sockets. Best effort: a socket without them works.
void prepare_client_socket(int fd, std::uint32_t keepalive_seconds) noexcept;

/// `host:port` of the peer, `[host]:port` for IPv6, or the path of a unix socket.
[[nodiscard]] std::string peer_address(int fd);

/// The same of its own end.
[[nodiscard]] std::string local_address(int fd);
/// An end of another connection, in the same form.
[[nodiscard]] std::string shown_end(const IpEnd& end);
/// The address of the peer; nothing for a unix socket.
[[nodiscard]] std::optional<IpAddress> peer_ip(int fd) noexcept;
[[nodiscard]] bool is_unix_socket(int fd) noexcept;

/// Tells a peer that will not be served why, as far as its socket takes it, and closes.
void turn_away(int fd, std::string_view reply) noexcept;

/// The words for an errno, for example "connection refused".
[[nodiscard]] std::string error_text(int number);

}  // namespace slotgate
