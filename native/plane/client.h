#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/command_table.h"
#include "core/proxy_header.h"
#include "core/request_framer.h"
#include "plane/byte_buffer.h"
#include "plane/client_rate.h"
#include "plane/client_session.h"
#include "plane/link.h"
#include "plane/slab.h"
#include "plane/slot_memory.h"
#include "plane/watcher.h"

namespace slotgate {

class Audience;
class Clients;
struct Database;

/// Everything about a client that takes it off the fast path, as bits of one number.
enum ClientSpecial : std::uint16_t {
  kSpecialUnauthenticated = 1U << 0,  ///< must log in first
  kSpecialAwaiting = 1U << 1,         ///< a barrier is up: nothing is parsed until it is answered
  kSpecialDraining = 1U << 2,         ///< a request waits until everything before it is answered
  kSpecialStalled = 1U << 3,          ///< its next request needs a link that is at its cap
  kSpecialOtherUser = 1U << 4,        ///< runs as another user than clients begin as
  kSpecialStreaming = 1U << 6,        ///< its input passes through a private link
  kSpecialFinished = 1U << 5,         ///< no more requests: QUIT, protocol error
  kSpecialSession = 1U << 7,          ///< it has a session
  kSpecialLane = 1U << 8,             ///< its lane is not the usual one
};

/// Whether a client is sent replies (CLIENT REPLY).
enum class ReplyMode : std::uint8_t {
  kOn,
  kOff,
  kSkipNext,  ///< not the next one, errors included
};

/// Bytes received and not yet turned into requests. Idle clients have none.
struct ClientInput {
  ByteBuffer bytes{MemoryKind::kInput};
  RequestFramer framer;
};

enum class StreamState : std::uint8_t {
  kWaiting,     ///< no server can take it now: tried again until the hold deadline
  kProbing,     ///< the server is asked whether the slot is its
  kSending,     ///< what arrives is forwarded
  kSent,        ///< all was forwarded, the reply is awaited
  kDiscarding,  ///< answered already: the rest is read and thrown away
};

/// A request that is forwarded while it arrives; see RequestStreams.
struct RequestStream {
  StreamState state = StreamState::kDiscarding;
  bool asking = false;
  Link* link = nullptr;
  std::uint32_t request = kNoIndex;
  std::size_t bytes = 0;  ///< announced so far when it began
  std::string key;
};

/// What a client told about itself. Most tell nothing.
struct ClientNames {
  std::string name;
  std::string library;
  std::string library_version;
};

/// A downstream connection. Owned by its worker; never moves; freed after its watcher has closed.
struct Client {
  Watcher watcher;
  int fd = -1;
  std::uint32_t index = kNoIndex;
  /// Sequence x 256 + worker; 0 while the record is free.
  std::uint64_t id = 0;
  Clients* clients = nullptr;
  Database* database = nullptr;
  /// What it is shown: decided once, by where it came from.
  Audience* audience = nullptr;

  /// Unanswered and unsent requests, oldest first.
  std::uint32_t head = kNoIndex;
  std::uint32_t tail = kNoIndex;
  std::uint32_t in_flight = 0;
  std::uint32_t window = 0;
  /// Largest of its recent replies and large requests, in bytes: what the next reply is taken for.
  std::uint32_t size_estimate = 0;
  std::uint16_t batch = 0;                  ///< number of its last read
  std::uint16_t last_command = kNoCommand;  ///< row of its last request
  std::uint64_t corked_at_ms = 0;           ///< since when output is kept back; 0: it is not
  std::uint64_t last_read_ms = 0;
  std::uint64_t excused_at_ms = 0;  ///< it took output, or was seen to wait; see ClientTimeouts
  std::uint64_t must_log_in_since_ms = 0;
  std::uint64_t stopped_at_ms =
      0;                        ///< since when MemoryGuard keeps it from being read; 0: it does not
  std::uint8_t stopped_by = 0;  ///< … for whose sake: bits of StoppedBy

  std::uint16_t special = 0;
  std::uint8_t protocol = 2;
  Lane lane = Lane::kUsual;  ///< see Lanes
  ReplyMode reply_mode = ReplyMode::kOn;
  /// Which upstream user its requests run as; see Database::users.
  std::uint16_t user = 0;
  /// Servers it has written to, a Server::bit() each; while it has links of its own, over these.
  std::uint64_t written = 0;
  /// Unless 0, links of its lane with this number or a later one are not used; see Lanes.
  std::uint64_t links_before = 0;
  std::uint16_t home_slot = 0;  ///< where its keyless requests go
  bool asked = false;           ///< a server was sent a request of it
  bool dirty = false;           ///< on the list of clients to flush this turn
  bool ready = false;           ///< on the list of clients to parse before the next poll
  bool unparsed = false;      ///< `input` may hold a whole request: parsing stopped before its end
  bool stream_ready = false;  ///< its streamed request can take more
  bool pushed = false;        ///< on the list of clients that have pushes to send
  bool mid_reply = false;     ///< the beginning of its oldest reply was forwarded, its end not yet
  std::uint32_t forwarded = 0;  ///< so much of it, in bytes
  bool window_full = false;     ///< parsing stopped because of the window
  bool peer_finished =
      false;                ///< its FIN was seen: what it sent is executed, nothing is held for it
  bool input_done = false;  ///< and everything that it sent has been read
  bool close_when_sent = false;
  bool leaves = false;  ///< it is to go: see Leavers
  bool closing = false;
  bool postponed = false;        ///< its next request waits for the end of a pause
  bool no_evict = false;         ///< what it asked for with CLIENT NO-EVICT
  std::uint8_t notice_kind = 0;  ///< of the maintenance notices that it asked for; 0: none

  std::unique_ptr<ClientInput> input;
  std::unique_ptr<ByteBuffer> output;
  std::unique_ptr<ClientRate> rate;  ///< null: as fast as it likes; see RateLimits
  std::unique_ptr<ClientNames> names;
  std::unique_ptr<RequestStream> stream;
  std::uint64_t connected_at_ms = 0;
  std::unique_ptr<ClientSession> session;
  std::unique_ptr<ReadMemory> reads;  ///< see Readers
  /// Its own connection, where it came through a sender of the PROXY protocol that told it.
  std::unique_ptr<const ProxiedConnection> proxied;
  Link* paused = nullptr;  ///< the link that is not read until its output has been sent
};

/// True for a RESP2 client that has subscriptions: it may do little else, since it could not tell
/// messages from replies.
[[nodiscard]] inline bool is_confined(const Client& client) noexcept {
  return client.protocol == 2 && client.session && client.session->subscriptions &&
         client.session->subscriptions->any();
}

}  // namespace slotgate
