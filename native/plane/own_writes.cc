#include "plane/own_writes.h"

#include <utility>

#include "plane/client_session.h"

namespace slotgate {

namespace {

/// Servers that `mask` stands for: some of them may be too many.
std::vector<std::string> nodes_of(const Database& database, std::uint64_t mask) {
  std::vector<std::string> nodes;
  for (const auto& server : database.servers) {
    if ((mask & server->bit()) != 0) nodes.push_back(server->entry.node_id);
  }
  return nodes;
}

}  // namespace

void begin_own_writes(Client& client) noexcept {
  client.session->written_elsewhere = std::exchange(client.written, 0);
}

void end_own_writes(Client& client) noexcept {
  ClientSession& session = *client.session;
  client.written |= std::exchange(session.written_elsewhere, 0);
  client.written |= std::exchange(session.written_before, 0);
}

void lose_own_writes(Client& client, const Server& server) noexcept {
  client.session->written_elsewhere |= client.written & server.bit();
  client.written &= ~server.bit();
}

void count_own_writes_anew(Client& client) noexcept {
  ClientSession& session = *client.session;
  session.written_before |= std::exchange(session.written_elsewhere, 0);
  session.written_before |= std::exchange(client.written, 0);
}

void tell_writes(const Client& client, ControlRequest& up) {
  if (!client.session || !client.session->bound) {
    up.written = nodes_of(*client.database, client.written);
    up.wrote_elsewhere = client.written != 0;
    return;
  }
  const ClientSession& session = *client.session;
  up.written = nodes_of(*client.database,
                        client.written | session.written_elsewhere | session.written_before);
  up.wrote_elsewhere = session.written_elsewhere != 0;
  for (const Link* const link : session.leases) {
    if ((client.written & link->server->bit()) != 0)
      up.own_written.push_back(link->server->entry.node_id);
  }
}

}  // namespace slotgate
