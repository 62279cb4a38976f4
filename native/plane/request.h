#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/command_table.h"
#include "plane/owned_bytes.h"
#include "plane/slab.h"

namespace slotgate {

/// Where a request is. Each state has one holder that moves it on.
enum class RequestState : std::uint8_t {
  kFree,
  kInFlight,     ///< in a link's ring; its bytes are in the link's send buffer
  kHeld,         ///< in a slot queue; its bytes are its own, and count as held
  kParked,       ///< in a parking, refused by a server; its bytes are its own, and count as held
  kTakenBack,    ///< on its way from a link or a queue to the next holder; its bytes are its own
  kJoining,      ///< split: waits for its parts
  kControl,      ///< up in TypeScript
  kSubscribing,  ///< waits until servers have confirmed a subscription
  kDone,         ///< answered; waits for its turn in the client's order
};

enum RequestFlag : std::uint16_t {
  kReqReadonly = 1U << 0,
  kReqFragment = 1U << 1,    ///< a part of a split request: it is in no client's order
  kReqInternal = 1U << 2,    ///< ours: the reply is swallowed
  kReqWatchOrder = 1U << 3,  ///< a refused request before it on the link may share a key with it
  kReqScript = 1U << 4,      ///< its error replies may have been written by the client
  kReqRepeated = 1U << 5,    ///< was sent again after a lost link; a write: see WriteRetries
  kReqAsking = 1U << 6,      ///< to be sent (or was sent) behind ASKING
  kReqKeyless = 1U << 7,     ///< its slot only says where it goes
  kReqInArena = 1U << 8,     ///< the reply lies in this turn's chunks
  kReqStreamed = 1U << 10,   ///< its bytes pass through while they arrive: none are kept
  kReqCloseAfter = 1U << 9,  ///< the client is closed once the reply is sent
  kReqErrand = 1U << 11,     ///< sent for TypeScript: it is in no client's order; see Errands
  kReqReceivers = 1U << 15,  ///< its reply counts receivers; see PubSub::corrected
  kReqBlock = 1U << 12,      ///< a whole transaction: `part` replies, of which the last counts
  kReqWaits = 1U << 14,      ///< kReqErrand: it may wait at the server for as long as it likes
  kReqSilent = 1U << 13,     ///< the client is not sent the reply; see ReplyMode
};
/// A reply to one of these needs more than being handed to its client.
inline constexpr std::uint16_t kReqSlowReply = kReqFragment | kReqInternal | kReqWatchOrder |
                                               kReqStreamed | kReqErrand | kReqBlock |
                                               kReqReceivers;

/// True if arrival number `a` is later than `b`; both run modulo 2^32.
[[nodiscard]] inline bool is_younger(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) > 0;
}

/// One request, or one part of a split request, from parsing to reply. One cache line.
struct Request {
  /// The reply, once kDone: in the turn's chunks (kReqInArena), in `owned`, or static.
  const std::uint8_t* reply = nullptr;
  /// kHeld, kParked, kTakenBack: the request's frame. kDone: the reply, if it is the request's own
  /// copy.
  RequestBytes owned;
  std::uint32_t reply_size = 0;
  std::uint32_t client = kNoIndex;  ///< kNoIndex: the client is gone, the reply is discarded
  std::uint32_t next = kNoIndex;    ///< younger request of the same client
  std::uint32_t join = kNoIndex;    ///< kReqFragment: the join it belongs to; kJoining: its join;
                                    ///< kReqErrand: its errand
  std::uint32_t offset = 0;         ///< kInFlight: position in the link's stream, modulo 2^32
  std::uint32_t length = 0;         ///< of the frame
  std::uint32_t arrived_ms = 0;     ///< turn stamp; deadlines count from here
  std::uint32_t arrival = 0;        ///< grows by one with each request of the worker, modulo 2^32
  std::uint16_t slot = 0;
  std::uint16_t command = 0;
  std::uint16_t flags = 0;
  std::uint16_t part = 0;   ///< kReqFragment, kReqErrand: which one; kReqBlock: replies in all;
                            ///< else kReqScript: ScriptMark
  std::uint16_t batch = 0;  ///< which of the client's reads brought it, modulo 2^16
  RequestState state = RequestState::kFree;
  std::uint8_t redirects = 0;
};
static_assert(sizeof(Request) <= 64, "a request record is one cache line");

/// A split request while its parts are on their way. Recycled with its vectors' memory.
struct Join {
  std::uint32_t parent = kNoIndex;
  std::uint32_t remaining = 0;
  std::uint32_t failed = 0;
  std::uint32_t executed = 0;  ///< parts that answered with something else than an error
  Split kind = Split::kNone;
  bool write = false;
  bool unknown_outcome = false;
  bool malformed = false;  ///< a part answered what its command cannot answer
  std::uint16_t error_slot = 0;
  std::int64_t sum = 0;
  std::vector<std::uint8_t> first_error;   ///< the error line of the first failed part, no CRLF
  std::vector<std::uint32_t> parts;        ///< requests; kNoIndex once folded in
  std::vector<std::uint32_t> part_of_key;  ///< kArrayInOrder: for each key of the caller
};

}  // namespace slotgate
