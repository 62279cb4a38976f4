#pragma once

#include <atomic>
#include <cstdint>

namespace slotgate {

/// A number that one thread changes and others may read. Not a read-modify-write: an addition costs
/// what it costs on a plain integer.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t count = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - count, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The one list of a worker's figures; the addon and TypeScript read it by these names.
#define SLOTGATE_COUNTERS(X)                                                                       \
  X(turns)                                                                                         \
  X(requests)                                                                                      \
  X(fragments)                                                                                     \
  X(split_requests)                                                                                \
  X(local_answers)                                                                                 \
  X(control_requests)                                                                              \
  X(scripts_loaded)                                                                                \
  X(reads_at_replicas)                                                                             \
  X(replica_reads_refused)                                                                         \
  X(replica_reads_missing)                                                                         \
  X(replica_reads_lost)                                                                            \
  X(error_replies)                                                                                 \
  X(slow_requests)                                                                                 \
  X(rate_refused)                                                                                  \
  X(rate_pauses)                                                                                   \
  X(client_bytes_in)                                                                               \
  X(client_bytes_out)                                                                              \
  X(link_bytes_in)                                                                                 \
  X(link_bytes_out)                                                                                \
  X(recv_calls) X(send_calls) X(accepted) X(rejected) X(closed) X(protocol_errors) X(links_opened) \
      X(links_lost) X(redirects_moved) X(redirects_ask) X(refused_tryagain) X(refused_other)       \
          X(held) X(held_expired) X(held_rejected) X(held_dropped) X(refusal_passed_for_order)     \
              X(unknown_outcomes) X(reads_repeated) X(writes_repeated) X(discarded_replies) X(output_limit_closed)    \
                  X(idle_closed) X(partial_request_closed) X(login_timeout_closed) X(headers_awaited) X(header_refused) \
                  X(pushes) X(streamed_replies) X(streamed_requests) X(crossslot) X(moved_answered) X(notices) X(clients)       \
                      X(links) X(bound_clients) X(held_now) X(held_bytes_now) X(messages_delivered) X(slow_subscribers_closed) X(memory_closed) X(memory_refused) X(memory_stops)        \
                      X(memory_stopped_now) X(memory_full) X(memory_bytes) X(memory_input) X(memory_output) X(memory_requests) X(memory_links) X(memory_transactions) X(memory_chunks) X(memory_records) X(last_turn_ms) X(route_version) X(deleted_user_closed)

/// Figures of one worker, written by its thread only.
struct WorkerCounters {
#define SLOTGATE_DECLARE(name) Counter name;
  SLOTGATE_COUNTERS(SLOTGATE_DECLARE)
#undef SLOTGATE_DECLARE
};

}  // namespace slotgate
