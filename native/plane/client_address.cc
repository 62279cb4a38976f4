#include "plane/client_address.h"

#include "plane/client.h"
#include "plane/socket.h"

namespace slotgate {

std::string client_address(const Client& client) {
  return client.proxied ? shown_end(client.proxied->source) : peer_address(client.fd);
}

std::string client_local_address(const Client& client) {
  return client.proxied ? shown_end(client.proxied->destination) : local_address(client.fd);
}

std::optional<IpAddress> client_ip(const Client& client) {
  return client.proxied ? client.proxied->source.address : peer_ip(client.fd);
}

bool is_at_unix_socket(const Client& client) {
  return !client.proxied && is_unix_socket(client.fd);
}

}  // namespace slotgate
