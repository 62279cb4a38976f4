// How clients leave when the process is to end, or their endpoint.
#include <sys/socket.h>

#include "plane/clients.h"

namespace slotgate {

namespace {

/// A transaction or subscriptions would be lost with the connection.
bool has_state(const Client& client) noexcept {
  return client.session && (client.session->transaction || client.session->subscriptions);
}

/// Requests that arrive with the close are not forwarded, so that repeating them is safe: this
/// looks whether one is here already.
bool has_sent_more(const Client& client) noexcept {
  std::uint8_t byte = 0;
  return recv(client.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool is_between_requests(const Client& client) noexcept {
  return client.head == kNoIndex && !client.input && !has_state(client) && !has_sent_more(client);
}

}  // namespace

bool Clients::may_leave(const Client& client) noexcept { return is_between_requests(client); }

void Clients::close_idle(std::size_t most, std::uint32_t quiet_ms, const AudienceNames* among) {
  for_each([&](Client& client) {
    if (most == 0 || (among != nullptr && !is_of(client, *among))) return;
    const bool is_quiet = context_.now_ms - client.last_read_ms >= quiet_ms;
    if (is_quiet && !client.output && is_between_requests(client)) {
      --most;
      close(client);
    } else if (quiet_ms != 0 && !client.leaves &&
               context_.now_ms - client.connected_at_ms >= kSettlingMs) {
      --most;
      client.leaves = true;
    }
  });
}

}  // namespace slotgate
