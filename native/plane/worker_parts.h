#pragma once

#include "plane/client_pause.h"
#include "plane/client_queries.h"
#include "plane/client_timeouts.h"
#include "plane/clients.h"
#include "plane/control_desk.h"
#include "plane/dispatcher.h"
#include "plane/errands.h"
#include "plane/introductions.h"
#include "plane/joiner.h"
#include "plane/lanes.h"
#include "plane/leases.h"
#include "plane/leavers.h"
#include "plane/links.h"
#include "plane/memory_guard.h"
#include "plane/monitors.h"
#include "plane/notices.h"
#include "plane/pubsub.h"
#include "plane/rate_limits.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/request_streams.h"
#include "plane/scripts.h"
#include "plane/shard_departures.h"
#include "plane/slow_requests.h"
#include "plane/tracking.h"
#include "plane/transactions.h"
#include "plane/worker_context.h"
#include "plane/write_retries.h"

namespace slotgate {

/// The parts of a worker, wired to each other, and its turn; the thread and the loop are Worker's.
class WorkerParts {
 public:
  WorkerParts(std::uint32_t worker, WorkerCounters& counters, PubSubCensus& census,
              AddressBook& addresses, MemoryLedger& memory_ledger);
  WorkerParts(const WorkerParts&) = delete;
  WorkerParts& operator=(const WorkerParts&) = delete;

  WorkerContext context;
  Clients clients;
  Links links;
  Redirector redirector;
  Readers readers;
  Joiner joiner;
  Lanes lanes;
  Replies replies;
  RequestStreams streams;
  PubSub pubsub;
  Dispatcher dispatcher;
  ControlDesk control;
  Leases leases;
  Errands errands;
  Transactions transactions;
  Scripts scripts;
  Tracking tracking;
  ClientQueries queries;
  Notices notices;
  ShardDepartures departures;
  Leavers leavers;
  ClientPause pause;
  ClientTimeouts timeouts;
  Introductions introductions;
  RateLimits rates;
  Monitors monitors;
  SlowRequests slow;
  WriteRetries retries;
  MemoryGuard memory;

  /// What a turn does after its reads. True if the next poll must not block.
  [[nodiscard]] bool finish_turn();
  /// Upkeep once in a while.
  void tick();
  /// True while tick() has something to look after that will not wait long.
  [[nodiscard]] bool is_hurried() const noexcept {
    return redirector.holding() || links.hurried() || streams.waiting() || pubsub.hurried() ||
           readers.hurried() || memory.hurried();
  }
  /// When finish_turn() has something to do; UINT64_MAX: never.
  [[nodiscard]] std::uint64_t next_due_ms() const noexcept;
};

}  // namespace slotgate
