#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plane/bound_links.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Clients that keep copies of what they read, and are told when it changes. The server remembers
/// per connection what was read, so all requests of such a client go over private links; see
/// docs/sessions.md. Where it is in doubt whether a client was told, it is told that all its
/// copies are void.
class Tracking {
 public:
  explicit Tracking(WorkerContext& context) noexcept : context_(context) {}

  /// From now on the client's requests go over links of its own that begin with `bound.setup`; with
  /// an empty one, over shared links again.
  void bind(Client& client, BoundLinks bound);
  /// The link for requests of a bound client; nullptr: none now.
  [[nodiscard]] Link* link_for(Client& client, Server& server);
  /// The client's command has been started: what was to be in front of it is over.
  static void command_started(Client& client) noexcept;
  /// Sends what is to be in front of the client's command; again if something of ours came between,
  /// which must not use it up.
  void send_before_next(Link& link);
  /// The request is sent later than it was asked for: the server does not remember the read.
  void sent_late(Client& client, std::uint32_t index);

  /// A push on a private link, or on a shared one of protocol 3.
  void pushed(Link& link, std::string_view frame);
  /// A link that was lent to the client is lost, or all of them were closed.
  void links_dropped(Client& client);
  /// A shared link that invalidations may come over is lost, or not read any more.
  void sink_lost(const Link& link);
  /// A slot is not this server's any more.
  void slot_left(const Database& database, std::uint16_t server);
  /// All slots have left the server.
  void demoted(const Database& database, const Server& server);

  /// What the client is to be sent behind the reply to the request, which was sent just now.
  [[nodiscard]] std::string take_behind(Client& client, std::uint32_t index);
  /// For other workers' clients: tells one of ours, or `from` that it is gone.
  void tell(InvalidationTarget target, const std::string& keys, InvalidationTarget from);
  void target_gone(InvalidationTarget from);
  /// Opens links that clients should have, and have not.
  void tick();
  void forget(Client& client);

 private:
  void count_clients();
  void set_up(Client& client, Link& link, const Link* sink, bool again);
  [[nodiscard]] Link* sink_of(Client& client, Server& server);
  void invalidate(Client& client, std::string_view frame);
  void invalidate_all(Client& client);
  void tell_target(Client& client, std::string_view keys);
  void open_everywhere(Client& client);

  WorkerContext& context_;
  std::vector<std::uint32_t> clients_;
};

}  // namespace slotgate
