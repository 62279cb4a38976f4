#pragma once

#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plane/chunk_ring.h"
#include "plane/client.h"
#include "plane/counters.h"
#include "plane/database.h"
#include "plane/mailbox.h"
#include "plane/request.h"
#include "plane/slab.h"
#include "plane/up_queue.h"

namespace slotgate {

class ClientPause;
class Clients;
class ControlDesk;
class Dispatcher;
class Errands;
class Joiner;
class Lanes;
class Leases;
class Monitors;
class Links;
class RateLimits;
class MemoryGuard;
class Readers;
class Redirector;
class Replies;
class RequestStreams;
class PubSub;
class SlowRequests;
class Scripts;
class Tracking;
class Transactions;
class WriteRetries;

/// What the parts of one worker share. All of it belongs to the worker's thread.
struct WorkerContext {
  uv_loop_t loop{};
  std::uint32_t worker = 0;
  std::uint32_t workers = 1;  ///< of the plane
  /// Gives an order to another worker, or to itself: then for the next turn.
  std::function<void(std::uint32_t worker, Order order)> post;
  WorkerCounters* counters = nullptr;

  Slab<Client, 7> clients;
  Slab<Request> requests;
  Slab<Join, 6> joins;
  ChunkRing chunks;
  UpBatch up;
  std::vector<std::unique_ptr<Database>> databases;

  /// Milliseconds of uv_hrtime(), as of the beginning of the turn or the latest wake-up in it; the
  /// low 32 bits stamp requests.
  std::uint64_t now_ms = 0;
  /// Whose time follows the wake-ups; nullptr: now_ms is set by somebody else.
  const uv_loop_t* clock = nullptr;
  /// Something was received: the poll may have waited for it.
  void woken_up() noexcept {
    if (clock != nullptr) now_ms = std::max(now_ms, uv_now(clock));
  }
  [[nodiscard]] std::uint32_t turn_stamp() const noexcept {
    return static_cast<std::uint32_t>(now_ms);
  }

  Clients* client_io = nullptr;
  Dispatcher* dispatcher = nullptr;
  Links* links = nullptr;
  Redirector* redirector = nullptr;
  RateLimits* rates = nullptr;
  Readers* readers = nullptr;
  Joiner* joiner = nullptr;
  Lanes* lanes = nullptr;
  Replies* replies = nullptr;
  RequestStreams* streams = nullptr;
  PubSub* pubsub = nullptr;
  ControlDesk* control = nullptr;
  Leases* leases = nullptr;
  Errands* errands = nullptr;
  Transactions* transactions = nullptr;
  ClientPause* pause = nullptr;
  Monitors* monitors = nullptr;
  SlowRequests* slow = nullptr;
  Scripts* scripts = nullptr;
  Tracking* tracking = nullptr;
  WriteRetries* retries = nullptr;
  MemoryGuard* memory = nullptr;

  std::uint32_t next_arrival = 0;

  /// Frees a request record; the caller has taken it out of every list.
  void release(std::uint32_t index) {
    Request& request = requests[index];
    request.owned.reset();
    request.state = RequestState::kFree;
    requests.give(index);
  }
};

}  // namespace slotgate
