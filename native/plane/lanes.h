#pragma once

#include <cstddef>
#include <cstdint>

#include "plane/worker_context.h"

namespace slotgate {

/// Keeps large replies out of the way of small ones.
///
/// Replies come over a link in the order of its requests: behind a large one, or behind many that
/// one client has asked for at once, everybody waits. So the clients of a worker are divided, by
/// what is known of their replies, over up to three shared links to each server:
///
///   kUnproven  nothing is known yet: its first request goes alone, and tells
///   kUsual     its replies are small: nearly all clients, and the only ones on the fast path
///   kLarge     its recent replies, or requests, were of kLargeReplyBytes and more; its window is
///              small
///
/// How many requests a client may have in flight, its window, begins at one and doubles whenever a
/// full window was answered and the client kept up; it ends where replies as large as the recent
/// ones would come to more than kWindowReplyBytes. So nobody asks for much before it is known how
/// much it is.
///
/// A server answers what it finds in one go, and nobody else meanwhile: so of the other lanes no
/// more than kLaneRequests are on their way over one link.
///
/// A client changes lanes only when nothing of it is under way, so its requests keep their order.
/// Where a lane has no link and none can be opened, its clients use the usual one.
class Lanes {
 public:
  explicit Lanes(WorkerContext& context) noexcept : context_(context) {}

  /// True if another request over the link would have to wait for those on their way.
  [[nodiscard]] static bool is_full(const Link& link) noexcept {
    return link.lane != Lane::kUsual && link.in_flight.size() >= kLaneRequests;
  }

  /// A new client: nothing is known of it.
  static void begin(Client& client) noexcept;
  /// The link for a client whose lane is not the usual one. As Links::shared_link().
  [[nodiscard]] Link* link_for(Client& client, Server& server);
  /// Once per flush of such a client, and of one that was sent a large reply: it may be in the
  /// wrong lane now.
  static void judge(Client& client) noexcept {
    if (client.lane != Lane::kUsual || client.size_estimate >= kLargeReplyBytes) [[unlikely]]
      choose(client);
  }
  /// It sends a request of so many bytes: what it asks for may be as large.
  static void sends(Client& client, std::size_t bytes) noexcept;
  /// The most requests that the client may have in flight, as large as its replies are.
  [[nodiscard]] static std::uint32_t window_most(const Client& client) noexcept;

 private:
  static void choose(Client& client) noexcept;

  WorkerContext& context_;
};

}  // namespace slotgate
