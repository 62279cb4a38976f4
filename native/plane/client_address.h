#pragma once

#include <optional>
#include <string>

#include "core/ip_address.h"

namespace slotgate {

struct Client;

/// Where the client is: `host:port`, `[host]:port` for IPv6, or the path of a unix socket; what the
/// header of the PROXY protocol said, where one came.
[[nodiscard]] std::string client_address(const Client& client);
/// Where it connected to, in the same form.
[[nodiscard]] std::string client_local_address(const Client& client);
/// Its address; nothing at a unix socket.
[[nodiscard]] std::optional<IpAddress> client_ip(const Client& client);
/// It came through a unix socket, and nobody said from where.
[[nodiscard]] bool is_at_unix_socket(const Client& client);

}  // namespace slotgate
