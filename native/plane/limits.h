#pragma once

#include <cstddef>
#include <cstdint>

#include "core/request_framer.h"

namespace slotgate {

// Fairness: what one connection may do in one turn. A flooding client shall not be felt by others.

/// One recv per connection and turn, of at most this many bytes.
inline constexpr std::size_t kReadBytesPerTurn = 64 * 1024;
/// Requests parsed for one client in one turn; the rest waits on the ready list.
inline constexpr std::uint32_t kRequestsPerTurn = 128;
/// Clients looked at in one turn by an order that concerns many.
inline constexpr std::uint32_t kLooksPerSlice = 8192;
/// Connections accepted from one listener in one turn.
inline constexpr std::uint32_t kAcceptsPerTurn = 64;
/// Who has connected so recently is seldom through with what it says first: it stays for now.
inline constexpr std::uint64_t kSettlingMs = 500;
/// Who has sent nothing for so long after a reply is through with what it was doing.
inline constexpr std::uint64_t kPauseMs = 10;
/// Beyond what any queue of a listening socket holds, so that a flood of new ones has an end.
inline constexpr std::uint32_t kAcceptsAtEnd = 100'000;
/// Bytes read in one turn from a link whose current reply is large.
inline constexpr std::size_t kLargeReplyBytesPerTurn = 256 * 1024;
/// Bytes written in one turn to a client that has left replies unread.
inline constexpr std::size_t kBacklogBytesPerTurn = 256 * 1024;
/// Links are flushed at least after this many client reads of one turn.
inline constexpr std::uint32_t kReadsPerLinkFlush = 64;

/// A link that waits for replies anyway may be flushed this many polls later than it could, so that
/// more requests share a system call, unless this many bytes wait.
inline constexpr std::uint8_t kFlushPatienceTurns = 1;
inline constexpr std::size_t kFlushAtBytes = 16 * 1024;

/// The first replies to a pipeline wait this long for the others, so that they leave in one piece,
/// unless kFlushAtBytes have gathered.
inline constexpr std::uint64_t kCorkMs = 1;

/// Delays between attempts, of connecting to a server and of asking one that refused: doubling.
inline constexpr std::uint32_t kBackoffFirstMs = 50;
inline constexpr std::uint32_t kBackoffMostMs = 500;
/// What waits for a link looks for it no more often than this.
inline constexpr std::uint64_t kLinkRetryMs = 10;

/// Replies of at least this size are forwarded while they arrive, if their client waits for nothing
/// older; smaller ones only when complete.
inline constexpr std::size_t kStreamReplyBytes = 64 * 1024;
/// A client with replies or requests of this size leaves the lane of the small ones, and comes back
/// when they are smaller than the other; see Lanes.
inline constexpr std::uint32_t kLargeReplyBytes = 64 * 1024;
inline constexpr std::uint32_t kSmallAgainBytes = 16 * 1024;
/// Requests on their way over a link that is not in the lane of the small ones.
inline constexpr std::uint32_t kLaneRequests = 16;
/// A client that has this much of a streamed reply unsent makes its link wait; the link is read on
/// below half of it. See Links::retire.
inline constexpr std::size_t kPauseLinkBytes = 4 * 1024 * 1024;

/// How long clients wait in all for the answers on a link that a client keeps from being read by
/// leaving a large reply unread while memory is short.
inline constexpr std::uint64_t kOthersWaitMs = 1000;

/// Requests of at least this size are forwarded while they arrive, over a private link.
inline constexpr std::size_t kStreamRequestBytes = 1024 * 1024;
/// Clients flushed in one turn because of pushes; the others wait for the following turns. Each is
/// a system call, which whoever waits for a reply feels: `npm run bench:interference` shows how
/// much.
inline constexpr std::size_t kPushFlushesPerTurn = 8;
/// With this much gathered for them, subscription links are not read, and what is pushed on is sent
/// at once.
inline constexpr std::size_t kPushedBytesMost = 8 * 1024 * 1024;
/// Bytes read in one turn from a subscription link.
inline constexpr std::size_t kSubscriptionReadBytes = 8 * 1024;
/// No further request of a client is parsed while it has more unsent output than this.
inline constexpr std::size_t kOutputBacklogBytes = 64 * 1024;
/// Estimated reply bytes that a client may have in flight.
inline constexpr std::size_t kWindowReplyBytes = 1024 * 1024;

/// How much a client, or all clients of an address together, may do per second; 0: as much as it
/// likes. See RateLimits.
struct RateSettings {
  std::uint32_t client_commands = 0;
  std::uint32_t client_bytes = 0;  ///< received and sent
  std::uint32_t address_commands = 0;
  std::uint32_t address_bytes = 0;
  std::uint32_t address_connections = 0;

  bool operator==(const RateSettings&) const = default;
  [[nodiscard]] bool limits_clients() const noexcept {
    return (client_commands | client_bytes | address_commands | address_bytes) != 0;
  }
};

/// Budgets that a user may set. Names as in the configuration.
struct PlaneLimits {
  RequestLimits request;
  /// For clients that have not logged in where they must (redis-server: 10 arguments, 16 KiB).
  RequestLimits request_before_auth{10, 16 * 1024, 64 * 1024, 64 * 1024, true};
  std::uint32_t clients_max = 10000;
  /// Of all workers together: see MemoryCap; 0: no limit of its own.
  std::uint64_t memory_bytes_max = 0;
  std::uint32_t in_flight_per_client_max = 1024;
  std::size_t client_output_bytes_max = 64U * 1024 * 1024;
  std::size_t subscriber_output_bytes_max = 32U * 1024 * 1024;
  std::size_t link_unanswered_bytes_max = 4U * 1024 * 1024;
  std::size_t hold_bytes_per_shard_max = 16U * 1024 * 1024;
  std::size_t hold_bytes_max = 64U * 1024 * 1024;
  std::uint32_t hold_timeout_ms = 20000;
  std::uint32_t redirects_max = 5;
  /// Of this worker; the configured number is dealt out over all workers.
  std::uint32_t links_per_server_max = 512;
  /// Of this worker, too: links lent to single clients.
  std::uint32_t private_links_per_server_max = 256;
  /// A request that takes so long is told to the control plane; UINT32_MAX: none is.
  std::uint32_t slow_after_ms = UINT32_MAX;
  std::uint32_t connect_timeout_ms = 2000;
  std::uint32_t keepalive_seconds = 60;
  /// For ClientTimeouts; 0: none.
  std::uint32_t client_idle_ms = 0;
  std::uint32_t partial_request_ms = 0;
  std::uint32_t login_ms = 0;
  /// How long the header of a connection from a sender of the PROXY protocol may take.
  std::uint32_t proxy_header_ms = 5000;
  RateSettings rates;
  /// Of all workers together: they share one ScriptStore.
  std::size_t script_cache_bytes_max = 64U * 1024 * 1024;
};

}  // namespace slotgate
