#pragma once

#include "plane/worker_context.h"

namespace slotgate {

/// Private links that clients hold while they have state at a server. A client has at most one per
/// server; all of them are closed when it leaves, in the same turn.
class Leases {
 public:
  explicit Leases(WorkerContext& context) noexcept : context_(context) {}

  /// The client's private link to `server`: the one that it has, an idle one, or a new one, on
  /// which requests may be queued at once. nullptr: none can be had now.
  [[nodiscard]] Link* lease(Client& client, Server& server);
  /// The one that it has, as the user and in the protocol that it has now; nullptr: none.
  [[nodiscard]] static Link* held(const Client& client, const Server& server);
  /// The client needs it no more, and it is as clean as a new one: others may have it, unless the
  /// server has not told who it is.
  void release(Client& client, Link& link);
  /// The client needs it no more, and its state is unknown: closed. `index`, if it is in flight, is
  /// answered by whoever calls.
  void drop(Client& client, Link& link, std::uint32_t index = kNoIndex);
  /// Closes all of them, with everything that waits at the servers: the client is gone, is another
  /// user from now on, or speaks another protocol.
  void drop_all(Client& client);
  /// Gives back those that nothing of the client needs.
  void release_unused(Client& client);
  /// A leased link is being lost.
  void link_gone(Link& link);

  /// The client's session, made if need be: off the fast path.
  static ClientSession& session_of(Client& client);
  /// Drops a session that nothing needs any more.
  static void end_session_if_idle(Client& client);

 private:
  static void take_out(Client& client, const Link& link);

  WorkerContext& context_;
};

}  // namespace slotgate
