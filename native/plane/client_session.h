#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "plane/bound_links.h"
#include "plane/byte_buffer.h"
#include "plane/subscriptions.h"

namespace slotgate {

struct Link;

/// Commands between MULTI and EXEC, as they will be sent.
struct Transaction {
  ByteBuffer frames{MemoryKind::kTransactions};
  std::uint32_t commands = 0;
  std::uint16_t slot = 0;
  bool has_slot = false;
  bool readonly = true;        ///< nothing in it writes
  bool scripts = false;        ///< something in it concerns Scripts
  bool failed = false;         ///< a command was refused: EXEC will be, too
  bool asked_unknown = false;  ///< a command that the table does not know is up in TypeScript
};

/// What a client has beyond requests and replies. Most clients have none of it, and no session.
struct ClientSession {
  /// Private links lent to the client, at most one per server.
  std::vector<Link*> leases;
  Link* latest = nullptr;  ///< the one that was used last
  /// Errands under way for the client's control command.
  std::vector<std::uint32_t> errands;
  std::unique_ptr<Transaction> transaction;
  /// The lease that watches keys; nullptr if none does, or it is lost.
  Link* watch_link = nullptr;
  std::uint16_t watch_slot = 0;
  bool watching = false;
  /// A watched key may have changed: the link was lost, or the slot moved.
  bool watch_broken = false;
  /// Its requests go over links of its own.
  std::unique_ptr<BoundLinks> bound;
  /// With `bound`: servers as in Client::written that it wrote to over links that it has not (any
  /// more), and those where the control plane knows of it; see own_writes.h.
  std::uint64_t written_elsewhere = 0;
  std::uint64_t written_before = 0;
  std::unique_ptr<Subscriptions> subscriptions;
  /// Pushes that wait for the end of a reply that is being forwarded.
  std::unique_ptr<ByteBuffer> deferred;
  bool monitoring = false;
  /// An errand waits at a server for as long as the client stays.
  bool blocked = false;

  /// True if nothing is left that needs a session.
  [[nodiscard]] bool idle() const noexcept {
    return leases.empty() && errands.empty() && !transaction && !watching && !bound &&
           !subscriptions && !deferred && !monitoring;
  }
};

}  // namespace slotgate
