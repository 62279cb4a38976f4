#include "plane/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

#include "plane/peer_rules.h"

namespace slotgate {

namespace {

/// After this long without an acknowledgement the peer's kernel is taken for gone.
constexpr unsigned kUserTimeoutMs = 10000;

void set_option(int fd, int level, int name, int value) noexcept {
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

void keep_alive(int fd, std::uint32_t seconds) noexcept {
  if (seconds == 0) return;
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  const int idle = static_cast<int>(seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, idle / 3 > 0 ? idle / 3 : 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
#endif
}

/// Fills `address` from a numeric host; 0 if the host is not numeric.
socklen_t numeric_address(const ServerEntry& server, sockaddr_storage& address) noexcept {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  if (inet_pton(AF_INET, server.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(server.port);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET6, server.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server.port);
    return sizeof *v6;
  }
  return 0;
}

socklen_t unix_address(const std::string& path, sockaddr_storage& address) noexcept {
  auto* local = reinterpret_cast<sockaddr_un*>(&address);
  if (path.size() >= sizeof local->sun_path) return 0;
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.c_str(), path.size() + 1);
  return sizeof *local;
}

bool peer_of(int fd, sockaddr_storage& address) noexcept {
  socklen_t size = sizeof address;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

/// `host:port`, `[host]:port` for IPv6; IPv4 that was mapped to IPv6 is shown as IPv4.
std::string ip_address(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v6->sin6_port));
  }
  inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
  return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
}

}  // namespace

std::string error_text(int number) { return uv_strerror(uv_translate_sys_error(number)); }

int connect_to(const ServerEntry& server, std::uint32_t keepalive_seconds, std::string& error) {
  sockaddr_storage address{};
  const bool local = !server.path.empty();
  const socklen_t size =
      local ? unix_address(server.path, address) : numeric_address(server, address);
  if (size == 0) {
    error = local ? "the path of the unix socket is too long" : "the address is not numeric";
    return -1;
  }
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    error = error_text(errno);
    return -1;
  }
  if (!local) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    keep_alive(fd, keepalive_seconds);
#ifdef TCP_USER_TIMEOUT
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kUserTimeoutMs));
#endif
  }
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    error = error_text(errno);
    close(fd);
    return -1;
  }
  return fd;
}

int connect_result(int fd) noexcept {
  int pending = 0;
  socklen_t size = sizeof pending;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) != 0) return errno;
  return pending;
}

void prepare_client_socket(int fd, std::uint32_t keepalive_seconds) noexcept {
  if (is_unix_socket(fd)) return;
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  keep_alive(fd, keepalive_seconds);
}

std::string peer_address(int fd) {
  sockaddr_storage address{};
  if (!peer_of(fd, address)) return "?:0";
  // The peer of a unix socket has no name of its own.
  return address.ss_family == AF_UNIX ? local_address(fd) : ip_address(address);
}

std::string local_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?:0";
  if (address.ss_family != AF_UNIX) return ip_address(address);
  return std::string(reinterpret_cast<const sockaddr_un*>(&address)->sun_path) + ":0";
}

std::string shown_end(const IpEnd& end) {
  sockaddr_storage address{};
  if (end.address.is_v4) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(end.port);
    std::memcpy(&v4->sin_addr, end.address.bytes.data() + 12, 4);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(end.port);
    std::memcpy(&v6->sin6_addr, end.address.bytes.data(), end.address.bytes.size());
  }
  return ip_address(address);
}

std::optional<IpAddress> peer_ip(int fd) noexcept {
  sockaddr_storage address{};
  return peer_of(fd, address) ? ip_of(address) : std::nullopt;
}

void turn_away(int fd, std::string_view reply) noexcept {
  (void)send(fd, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  close(fd);
}

bool is_unix_socket(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family == AF_UNIX;
}

}  // namespace slotgate
