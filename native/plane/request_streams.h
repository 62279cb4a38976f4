#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plane/worker_context.h"

namespace slotgate {

/// Requests of kStreamRequestBytes and more, forwarded while they arrive, so that neither the proxy
/// nor a shared link has to hold them. One private link each; nothing else of the client is on its
/// way meanwhile.
///
///   begin: EXISTS key -> the server owns the slot: send what arrives -> wait for the reply
///                     -> MOVED, ASK: the same with the other server
///                     -> anything else, or no server: read the request to its end, answer why
///
/// The bytes are not kept. A server that redirects after all, or a link that is lost before the
/// last byte, has executed nothing, and the client is told so.
class RequestStreams {
 public:
  explicit RequestStreams(WorkerContext& context) noexcept : context_(context) {}

  enum class Begun : std::uint8_t {
    kNo,  ///< not a request that can be streamed: gather it as any other
    kYes,
    kLater,  ///< what the client sent before is to be answered first
  };
  /// A request of which `framer` has seen the beginning, at `data`.
  Begun begin(Client& client, const RequestFramer& framer, const std::uint8_t* data);

  /// Moves on with what the client has sent since.
  void feed(Client& client);
  /// True while more of the client's bytes can be taken.
  [[nodiscard]] static bool wants_input(const Client& client) noexcept;

  /// Gives the client's streamed request up, tells it why, and that it is closed.
  void protocol_error(Client& client, std::string_view text);

  /// A reply on the private link of `index`.
  void reply(Link& link, std::uint32_t index, const std::uint8_t* data, std::size_t size);
  /// The private link is lost with the request unanswered.
  void link_lost(Link& link, std::uint32_t index);
  /// The link has sent what it had.
  void link_drained(Link& link);
  /// The client closes: so does the link.
  void client_gone(Client& client);

  /// Tries again what waits for a server. Called once in a while.
  void retry();
  [[nodiscard]] bool waiting() const noexcept { return !waiting_.empty(); }

 private:
  /// A private link for the client's request: its own, if its requests go over such.
  Link* lease(Client& client, Server& server);
  void connect(Client& client, std::uint16_t server, bool asking);
  void probe_answered(Client& client, std::string_view line);
  /// Waits for a better moment, or gives up with `text` if the deadline is over.
  void wait_or_fail(Client& client, std::string_view text);
  void fail(Client& client, std::string_view text);
  void finish(Client& client);
  void drop_link(Client& client);

  WorkerContext& context_;
  std::vector<std::uint32_t> waiting_;  ///< clients
};

}  // namespace slotgate
