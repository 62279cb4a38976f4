// The circuit breaker of a server: after a failure one attempt at a time, between growing delays.
#include <algorithm>

#include "plane/links.h"

namespace slotgate {

namespace {

const char* name_of(Circuit circuit) noexcept {
  switch (circuit) {
    case Circuit::kOpen:
      return "open";
    case Circuit::kHalfOpen:
      return "half_open";
    case Circuit::kClosed:
      break;
  }
  return "closed";
}

}  // namespace

bool Links::is_tried(const Server& server) noexcept {
  return std::any_of(server.links.begin(), server.links.end(), [](const auto& link) {
    const bool begins =
        link->state == LinkState::kConnecting || link->state == LinkState::kHandshaking;
    // One whose user is not let in says nothing of the server.
    return begins && link->kind != LinkKind::kReader && link->refusal.empty();
  });
}

void Links::tell_circuit(const Database& database, Server& server) {
  const bool is_connected =
      std::any_of(server.links.begin(), server.links.end(), [](const auto& link) {
        return link->state == LinkState::kReady && link->kind != LinkKind::kReader;
      });
  Circuit now = is_tried(server) ? Circuit::kHalfOpen : Circuit::kOpen;
  if (server.backoff_ms == 0 || is_connected) now = Circuit::kClosed;
  if (now == server.circuit) return;
  server.circuit = now;
  PlaneEvent event;
  event.kind = PlaneEvent::Kind::kCircuit;
  event.database = database.id;
  event.server = server.index;
  event.label = server.entry.label;
  event.text = name_of(now);
  event.count = context_.worker;
  context_.up.events.push_back(std::move(event));
}

}  // namespace slotgate
