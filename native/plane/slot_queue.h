#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "plane/slab.h"

namespace slotgate {

struct Link;

/// A point in a link's order of requests. The link's loss clears every fence on it.
struct LinkFence {
  Link* link = nullptr;
  /// Reached when the link has answered this many requests.
  std::uint64_t sequence = 0;
};

/// Why the requests of a slot wait.
enum class HoldReason : std::uint8_t {
  kNone,
  kFence,    ///< the former owner still has unanswered requests of the slot
  kNoOwner,  ///< no primary serves the slot
  kNoLink,   ///< the owner cannot be connected to
  kBackoff,  ///< the owner refused; the first in the queue is tried again at retry_at_ms
  kProbing,  ///< the first in the queue was sent; the others wait for its answer
  kUnknown,  ///< a redirect named a server that the topology does not know yet
};

/// What is to be done with a refused request.
enum class RepeatHow : std::uint8_t {
  kAsk,         ///< at the server that the redirect named, behind ASKING
  kTryAgain,    ///< at the owner, key by key where the command can be split
  kOwner,       ///< at the owner
  kWhenLoaded,  ///< at the owner, once it has the script
};

/// Requests of one client on one slot from the first that was refused on; other clients' pass by.
/// They leave in their first order, the refused ones one step at a time: what is to be repeated in
/// the same way is sent, and the next step follows when all of it is answered with something else
/// than another refusal.
struct Parking {
  struct Refused {
    std::uint32_t request;
    RepeatHow how;
    std::uint16_t ask_server;  ///< kAsk; kWhenLoaded: the server that refused it
    bool passed_on;       ///< a younger request on the same key was executed: not to be repeated
    std::string refusal;  ///< the server's words, CRLF included
    std::uint64_t until_ms = 0;  ///< kWhenLoaded: after that it is passed on
  };
  std::uint32_t client = kNoIndex;
  /// Younger requests that were sent before the refusal, or the present step: unanswered before it.
  LinkFence fence;
  std::deque<Refused> refused;        ///< by age
  std::deque<std::uint32_t> waiting;  ///< sent by the client since
  std::uint64_t retry_at_ms = 0;      ///< not before
};

/// Everything that waits for one slot. Exists only while something does.
struct SlotQueue {
  std::uint16_t slot = 0;
  HoldReason reason = HoldReason::kNone;
  std::vector<LinkFence> fences;
  /// Came back from the former owner, in its order: they go first.
  std::deque<std::uint32_t> redirected;
  /// Arrived since, in order of arrival.
  std::deque<std::uint32_t> arrivals;
  std::vector<Parking> parkings;
  std::uint64_t retry_at_ms = 0;
  std::uint64_t due_at_ms = 0;  ///< when it is looked at next; 0: no date
  std::uint32_t backoff_ms = 0;
  std::uint32_t probe = kNoIndex;
  /// The server's last refusal, CRLF included; empty if it said nothing.
  std::string refusal;

  /// True if nothing is or will be in it.
  [[nodiscard]] bool idle() const noexcept {
    return reason == HoldReason::kNone && redirected.empty() && arrivals.empty() &&
           parkings.empty();
  }
};

}  // namespace slotgate
