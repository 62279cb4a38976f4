#include "plane/worker_parts.h"

#include <algorithm>

namespace slotgate {

WorkerParts::WorkerParts(std::uint32_t worker, WorkerCounters& counters, PubSubCensus& census,
                         AddressBook& addresses, MemoryLedger& memory_ledger)
    : clients(context),
      links(context),
      redirector(context),
      readers(context),
      joiner(context),
      lanes(context),
      replies(context),
      streams(context),
      pubsub(context, census),
      dispatcher(context),
      control(context),
      leases(context),
      errands(context),
      transactions(context),
      scripts(context),
      tracking(context),
      queries(context),
      notices(context),
      departures(context),
      leavers(context),
      pause(context),
      timeouts(context),
      introductions(context),
      rates(context, addresses),
      monitors(context),
      slow(context),
      retries(context),
      memory(context, counters, memory_ledger) {
  context.worker = worker;
  context.counters = &counters;
  context.client_io = &clients;
  context.links = &links;
  context.redirector = &redirector;
  context.rates = &rates;
  context.readers = &readers;
  context.joiner = &joiner;
  context.lanes = &lanes;
  context.replies = &replies;
  context.streams = &streams;
  context.pubsub = &pubsub;
  context.dispatcher = &dispatcher;
  context.control = &control;
  context.leases = &leases;
  context.errands = &errands;
  context.transactions = &transactions;
  context.pause = &pause;
  context.monitors = &monitors;
  context.slow = &slow;
  context.scripts = &scripts;
  context.tracking = &tracking;
  context.retries = &retries;
  context.memory = &memory;
}

bool WorkerParts::finish_turn() {
  if (redirector.next_due_ms() <= context.now_ms) redirector.run_due();
  if (errands.next_due_ms() <= context.now_ms) errands.retry();
  if (pause.next_due_ms() <= context.now_ms) pause.run_due();
  if (rates.next_due_ms() <= context.now_ms) rates.run_due();
  if (leavers.next_due_ms() <= context.now_ms) leavers.run();
  if (clients.has_ready()) clients.run_ready_list();
  monitors.send_lines();
  if (queries.has_more()) queries.run_slice();
  if (notices.has_more()) notices.run_slice();
  if (timeouts.has_more()) timeouts.run_slice();
  if (departures.has_more()) departures.run_slice();
  memory.look();
  pubsub.run();
  const bool link_waits = links.flush_patiently();
  clients.flush();
  clients.flush_pushed();
  replies.copy_out_of_arena();
  context.chunks.reset();
  return clients.has_ready() || clients.has_pushed() || queries.has_more() || notices.has_more() ||
         timeouts.has_more() || departures.has_more() || link_waits;
}

void WorkerParts::tick() {
  if (redirector.holding()) redirector.expire();
  links.tick();
  readers.tick();
  streams.retry();
  tracking.tick();
  timeouts.tick();
  introductions.tick();
  memory.tick();
  pubsub.tick();
}

std::uint64_t WorkerParts::next_due_ms() const noexcept {
  std::uint64_t at = std::min({redirector.next_due_ms(), errands.next_due_ms(), pause.next_due_ms(),
                               rates.next_due_ms(), leavers.next_due_ms()});
  if (clients.has_corked()) at = std::min(at, context.now_ms + kCorkMs);
  return at;
}

}  // namespace slotgate
