#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "plane/listener.h"
#include "plane/mailbox.h"
#include "plane/worker_parts.h"

namespace slotgate {

class Plane;

/// A thread of the data plane with a loop of its own. A turn:
///
///   poll: all reads (clients: parse, append to links; links: frame, match, hand to requests)
///   then: clients that had more input -> links flushed -> clients flushed -> replies that still
///         wait get memory of their own -> what TypeScript should know goes up
///
/// Everything but post() and counters() runs on the worker's own thread.
class Worker {
 public:
  Worker(Plane& plane, std::uint32_t number);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the thread; false if the loop or the thread could not be made.
  [[nodiscard]] bool start();
  /// From any thread.
  bool post(Order order) { return mailbox_.post(std::move(order)); }
  /// From any thread: clients that it has, and that are on their way to it.
  [[nodiscard]] std::uint64_t clients_expected() const noexcept {
    return counters_.clients.get() + arriving_.load(std::memory_order_relaxed);
  }
  /// From any thread: gives it a connected socket; closes it if the worker has ended.
  void give_client(std::uint32_t database, const Arrival& arrival);
  /// Asks the thread to close everything and end; join() waits for it.
  void stop();
  void join();
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }

  // Orders.
  void add_database(std::uint32_t id, std::shared_ptr<const DatabaseSettings> settings,
                    std::shared_ptr<ScriptStore> scripts);
  /// The control plane has looked for a script that the server did not have; `loaded`: now it does.
  void script_checked(std::uint32_t id, const std::string& node_id, const Sha1Digest& digest,
                      bool loaded);
  void set_settings(std::uint32_t id, std::shared_ptr<const DatabaseSettings> settings);
  void set_commands(std::uint32_t id, std::shared_ptr<const CommandTable> commands);
  void set_routes(std::uint32_t id, std::shared_ptr<const RouteSnapshot> routes);
  void set_presentations(std::uint32_t id, std::shared_ptr<const Presentations> presentations);
  /// Accepts on `fd`; if it does already, the rules are for new connections.
  void listen(std::uint32_t id, int fd, ListenerRules rules);
  /// Stops accepting on `fd`; `done` is called (on this thread) when the loop has let go of it.
  void stop_listening(int fd, bool is_shared, std::function<void()> done);
  void adopt_client(std::uint32_t database, const Arrival& arrival);
  /// Opens the links to all owners of slots now.
  void preconnect(std::uint32_t id);
  /// Closes those of these clients that are its own, and reports how many to order `number`.
  void close_clients(std::uint32_t number, const std::vector<ClientName>& names);
  /// Reports to order `number` how many clients of these audiences it has.
  void count_clients(std::uint32_t number, const AudienceNames& names);
  /// CLIENT PAUSE and UNPAUSE; reported as order `number`.
  void pause_clients(std::uint32_t number, std::uint32_t database, std::uint64_t duration_ms,
                     bool all);
  void unpause_clients(std::uint32_t number, std::uint32_t database);
  [[nodiscard]] WorkerContext& context() noexcept { return context_; }
  [[nodiscard]] Clients& clients() noexcept { return parts_.clients; }
  [[nodiscard]] Leavers& leavers() noexcept { return parts_.leavers; }
  [[nodiscard]] ClientQueries& queries() noexcept { return parts_.queries; }
  [[nodiscard]] ClientTimeouts& timeouts() noexcept { return parts_.timeouts; }
  [[nodiscard]] Introductions& introductions() noexcept { return parts_.introductions; }
  [[nodiscard]] MemoryGuard& memory() noexcept { return parts_.memory; }
  [[nodiscard]] Notices& notices() noexcept { return parts_.notices; }
  [[nodiscard]] ControlDesk& control() noexcept { return parts_.control; }
  [[nodiscard]] Errands& errands() noexcept { return parts_.errands; }
  [[nodiscard]] Tracking& tracking() noexcept { return parts_.tracking; }

 private:
  void run();
  void turn_ends();
  void set_timer();
  void read_mail();
  void report_done(std::uint32_t number, std::uint32_t count);
  void tick();
  void close_everything();
  /// A connection that a listener has accepted.
  void arrived(int fd, Database& database, const sockaddr_storage& peer,
               const std::shared_ptr<const ListenerRules>& rules);
  /// Gives a connection to the worker that should have it.
  void place(const Arrival& arrival, const std::optional<IpAddress>& ip, Database& database);
  void close_listener(Listener& listener, std::function<void()> done);
  void end_if_dry();
  void give_memory_back();
  [[nodiscard]] Database* database(std::uint32_t id);
  /// The one that accepts on `fd`; nullptr if none does.
  [[nodiscard]] Listener* listener_on(int fd);
  void read_clock() noexcept {
    context_.now_ms = uv_hrtime() / 1000000;
    counters_.last_turn_ms.set(context_.now_ms);
  }

  Plane& plane_;
  WorkerCounters counters_;
  std::atomic<std::uint32_t> arriving_{0};
  WorkerParts parts_;
  WorkerContext& context_;
  Mailbox mailbox_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::thread thread_;
  uv_prepare_t before_poll_{};
  uv_check_t after_poll_{};
  uv_idle_t keep_turning_{};
  uv_timer_t timer_{};
  std::uint64_t timer_at_ms_ = 0;
  std::uint64_t next_tick_ms_ = 0;
  bool stopping_ = false;
  bool turning_ = false;
  bool closed_ = false;
  std::uint64_t traffic_seen_ = 0;
  std::uint32_t rested_ticks_ = 0;
};

}  // namespace slotgate
