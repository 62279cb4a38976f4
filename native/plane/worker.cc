#include "plane/worker.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

#include "plane/plane.h"
#include "plane/socket.h"

namespace slotgate {

namespace {

/// Upkeep while something waits, and while nothing does.
constexpr std::uint64_t kBusyTickMs = 100;
constexpr std::uint64_t kIdleTickMs = 1000;
/// Ticks without traffic after which free memory is given back, and again what is free by then.
constexpr std::uint32_t kRestTicks = 5;
constexpr std::uint32_t kLongRestTicks = 15;

template <typename Handle>
uv_handle_t* as_handle(Handle* handle) noexcept {
  return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace

Worker::Worker(Plane& plane, std::uint32_t number)
    : plane_(plane),
      parts_(number, counters_, plane.census(), plane.addresses(), plane.memory_ledger()),
      context_(parts_.context) {
  context_.clock = &context_.loop;
  context_.post = [&plane](std::uint32_t worker, Order order) {
    plane.post(worker, std::move(order));
  };
  parts_.introductions.open([this](const Arrival& arrival, const std::optional<IpAddress>& ip,
                                   Database& database) { place(arrival, ip, database); });
  parts_.memory.watch_total([&plane] { return plane.memory_total(); });
}

Worker::~Worker() { join(); }

bool Worker::start() {
  if (uv_loop_init(&context_.loop) != 0) return false;
  mailbox_.open(&context_.loop, this,
                [](uv_async_t* async) { static_cast<Worker*>(async->data)->read_mail(); });
  uv_prepare_init(&context_.loop, &before_poll_);
  uv_check_init(&context_.loop, &after_poll_);
  uv_idle_init(&context_.loop, &keep_turning_);
  uv_timer_init(&context_.loop, &timer_);
  before_poll_.data = after_poll_.data = keep_turning_.data = timer_.data = this;
  uv_check_start(&after_poll_,
                 [](uv_check_t* handle) { static_cast<Worker*>(handle->data)->turn_ends(); });
  // The timer may fire between the end of the turn and the poll: set just before the poll, it is
  // never missing.
  uv_prepare_start(&before_poll_, [](uv_prepare_t* handle) {
    auto* self = static_cast<Worker*>(handle->data);
    if (!self->stopping_) self->set_timer();
  });
  read_clock();
  // Signals are Node's business, on the main thread; a new thread inherits the mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void Worker::run() {
#ifdef __linux__
  const std::string name = "slotgate-" + std::to_string(context_.worker);
  pthread_setname_np(pthread_self(), name.c_str());
#endif
  uv_run(&context_.loop, UV_RUN_DEFAULT);
  const int status = uv_loop_close(&context_.loop);
  assert(status == 0);
  (void)status;
}

void Worker::stop() {
  post([](Worker& worker) { worker.close_everything(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

Database* Worker::database(std::uint32_t id) {
  for (const auto& database : context_.databases) {
    if (database->id == id) return database.get();
  }
  return nullptr;
}

void Worker::add_database(std::uint32_t id, std::shared_ptr<const DatabaseSettings> settings,
                          std::shared_ptr<ScriptStore> scripts) {
  auto database = std::make_unique<Database>();
  database->id = id;
  database->settings = std::move(settings);
  database->slow_after_ms = database->limits().slow_after_ms;
  database->scripts = std::move(scripts);
  context_.databases.push_back(std::move(database));
  parts_.memory.settings_changed(*context_.databases.back());
}

void Worker::set_settings(std::uint32_t id, std::shared_ptr<const DatabaseSettings> settings) {
  Database* found = database(id);
  if (found == nullptr) return;
  const bool other_user = found->settings->client_user != settings->client_user;
  const bool other_rates = found->limits().rates != settings->limits.rates;
  found->settings = std::move(settings);
  found->slow_after_ms = found->limits().slow_after_ms;
  if (other_rates) parts_.rates.rates_changed(*found);
  parts_.memory.settings_changed(*found);
  if (!other_user) return;
  // Clients begin as somebody else now: the links at hand are no longer theirs.
  for (const auto& server : found->servers) {
    std::fill(std::begin(server->shared), std::end(server->shared), nullptr);
    std::fill(std::begin(server->readers), std::end(server->readers), nullptr);
  }
  parts_.clients.for_each([&](Client& client) {
    if (client.database == found && client.user != found->settings->client_user) {
      client.special |= kSpecialOtherUser;
    }
  });
}

void Worker::set_commands(std::uint32_t id, std::shared_ptr<const CommandTable> commands) {
  if (Database* found = database(id)) found->commands = std::move(commands);
}

void Worker::set_routes(std::uint32_t id, std::shared_ptr<const RouteSnapshot> routes) {
  if (Database* found = database(id)) parts_.redirector.adopt(*found, std::move(routes));
}

void Worker::script_checked(std::uint32_t id, const std::string& node_id, const Sha1Digest& digest,
                            bool loaded) {
  Database* const found = database(id);
  if (found == nullptr) return;
  for (const auto& server : found->servers) {
    if (server->entry.node_id == node_id)
      parts_.redirector.script_checked(*found, *server, digest, loaded);
  }
}

void Worker::set_presentations(std::uint32_t id,
                               std::shared_ptr<const Presentations> presentations) {
  Database* const found = database(id);
  if (found == nullptr) return;
  parts_.departures.published(*presentations);
  found->audiences.publish(std::move(presentations));
}

Listener* Worker::listener_on(int fd) {
  for (const auto& listener : listeners_) {
    if (listener->fd() == fd && !listener->closing()) return listener.get();
  }
  return nullptr;
}

void Worker::listen(std::uint32_t id, int fd, ListenerRules rules) {
  Database* found = database(id);
  if (found == nullptr || stopping_) return;
  auto shared = std::make_shared<const ListenerRules>(std::move(rules));
  if (Listener* const listening = listener_on(fd)) {
    listening->set_rules(std::move(shared));
    return;
  }
  auto listener =
      std::make_unique<Listener>(context_, fd, *found,
                                 [this](int client, Database& owner, const sockaddr_storage& peer,
                                        const std::shared_ptr<const ListenerRules>& now) {
                                   arrived(client, owner, peer, now);
                                 });
  listener->set_rules(std::move(shared));
  if (listener->open()) listeners_.push_back(std::move(listener));
}

void Worker::arrived(int fd, Database& database, const sockaddr_storage& peer,
                     const std::shared_ptr<const ListenerRules>& rules) {
  if (!rules->expects_header(peer)) {
    const std::optional<IpAddress> ip = ip_of(peer);
    place({fd, presentation_of(rules->peers, ip), std::nullopt}, ip, database);
  } else if (plane_.client_count() >= database.limits().clients_max) {
    parts_.clients.refuse_for_number(fd);
  } else {
    parts_.introductions.begin(fd, database, rules);
  }
}

void Worker::place(const Arrival& arrival, const std::optional<IpAddress>& ip, Database& database) {
  if (!parts_.rates.admits(database, ip)) {
    turn_away(arrival.fd, "-ERR too many new connections from this address; try again later\r\n");
    counters_.rate_refused.add();
    return;
  }
  const std::uint32_t number = plane_.worker_for_new_client(context_.worker);
  if (number == context_.worker) {
    parts_.clients.adopt(arrival, database, plane_.client_count());
  } else {
    plane_.worker(number).give_client(database.id, arrival);
  }
}

void Worker::stop_listening(int fd, bool is_shared, std::function<void()> done) {
  if (Listener* const listener = listener_on(fd)) {
    if (!is_shared) listener->accept_some(kAcceptsAtEnd);
    close_listener(*listener, std::move(done));
  } else {
    done();
  }
}

void Worker::close_listener(Listener& listener, std::function<void()> done) {
  listener.close([this, &listener, done = std::move(done)] {
    std::erase_if(listeners_,
                  [&](const std::unique_ptr<Listener>& other) { return other.get() == &listener; });
    done();
  });
}

void Worker::give_client(std::uint32_t id, const Arrival& arrival) {
  arriving_.fetch_add(1, std::memory_order_relaxed);
  const bool posted = post([id, arrival](Worker& worker) {
    worker.arriving_.fetch_sub(1, std::memory_order_relaxed);
    worker.adopt_client(id, arrival);
  });
  if (!posted) ::close(arrival.fd);
}

void Worker::adopt_client(std::uint32_t id, const Arrival& arrival) {
  Database* found = database(id);
  if (found == nullptr || stopping_) {
    ::close(arrival.fd);
    return;
  }
  parts_.clients.adopt(arrival, *found, plane_.client_count());
}

void Worker::preconnect(std::uint32_t id) {
  Database* found = database(id);
  if (found == nullptr) return;
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
    const std::uint16_t owner = found->slots.owner(static_cast<std::uint16_t>(slot));
    if (owner == SlotMap::kUnassigned) continue;
    Server& server = *found->servers[owner];
    (void)parts_.links.shared_link(*found, server, found->settings->client_user, 2);
    (void)parts_.links.lane_link(*found, server, found->settings->client_user, 2, Lane::kUnproven,
                                 0);
  }
  for (const std::vector<Server*>& set : found->reader_sets) {
    for (Server* server : set)
      (void)parts_.links.reader_link(*found, *server, found->settings->client_user, 2,
                                     Lane::kUsual);
  }
}

void Worker::close_clients(std::uint32_t number, const std::vector<ClientName>& names) {
  std::uint32_t count = 0;
  for (const ClientName& name : names) {
    if (name.id % 256 != context_.worker) continue;
    Client* client = parts_.clients.find(name.index, name.id);
    if (client == nullptr) continue;
    parts_.clients.close(*client);
    ++count;
  }
  report_done(number, count);
}

void Worker::count_clients(std::uint32_t number, const AudienceNames& names) {
  const Database* const found = database(names.database);
  if (found == nullptr) return report_done(number, 0);
  // Who may yet become one of them is waited for by whoever waits until they are gone.
  report_done(number, found->audiences.count(names.numbers) +
                          parts_.introductions.count(*found, names.numbers));
}

void Worker::pause_clients(std::uint32_t number, std::uint32_t id, std::uint64_t duration_ms,
                           bool all) {
  if (Database* found = database(id)) parts_.pause.begin(*found, duration_ms, all);
  report_done(number, 0);
}

void Worker::unpause_clients(std::uint32_t number, std::uint32_t id) {
  if (Database* found = database(id)) parts_.pause.end(*found);
  report_done(number, 0);
}

void Worker::report_done(std::uint32_t number, std::uint32_t count) {
  QueryReport report;
  report.number = number;
  report.done = true;
  report.count = count;
  context_.up.reports.push_back(std::move(report));
}

void Worker::read_mail() {
  read_clock();
  for (const Order& order : mailbox_.take()) order(*this);
}

void Worker::turn_ends() {
  read_clock();
  counters_.turns.add();
  if (context_.now_ms >= next_tick_ms_) tick();
  const bool more = parts_.finish_turn();
  if (!context_.up.empty()) plane_.send_up(context_.up);
  const bool must_end = stopping_ && !closed_;
  if (const bool turn_again = more || must_end; turn_again != turning_) {
    turning_ = turn_again;
    if (turning_) {
      uv_idle_start(&keep_turning_, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&keep_turning_);
    }
  }
  if (stopping_) end_if_dry();
}

void Worker::tick() {
  parts_.tick();
  for (const auto& listener : listeners_) listener->resume();
  next_tick_ms_ = context_.now_ms + (parts_.is_hurried() ? kBusyTickMs : kIdleTickMs);
  give_memory_back();
}

void Worker::give_memory_back() {
  // malloc keeps what a burst needed. When traffic has rested for a while, it goes back.
  const std::uint64_t bytes = counters_.client_bytes_in.get() + counters_.link_bytes_in.get();
  if (bytes != traffic_seen_) {
    traffic_seen_ = bytes;
    rested_ticks_ = 0;
  } else if (++rested_ticks_ == kRestTicks || rested_ticks_ == kLongRestTicks) {
    give_free_memory_back();
  }
}

void Worker::set_timer() {
  if (parts_.is_hurried()) next_tick_ms_ = std::min(next_tick_ms_, context_.now_ms + kBusyTickMs);
  const std::uint64_t at = std::min(parts_.next_due_ms(), next_tick_ms_);
  if (at == timer_at_ms_ && uv_is_active(as_handle(&timer_)) != 0) return;
  timer_at_ms_ = at;
  uv_update_time(&context_.loop);
  const std::uint64_t delay = at > context_.now_ms ? at - context_.now_ms : 0;
  uv_timer_start(
      &timer_, [](uv_timer_t*) {}, delay, 0);
}

void Worker::close_everything() {
  stopping_ = true;
  for (const auto& listener : listeners_) {
    if (!listener->closing()) close_listener(*listener, [] {});
  }
  parts_.introductions.close_all();
  parts_.clients.close_all();
  parts_.links.close_all();
  end_if_dry();
}

void Worker::end_if_dry() {
  const bool dry = parts_.introductions.idle() && parts_.clients.idle() && parts_.links.idle();
  if (!dry || !listeners_.empty() || closed_) return;
  closed_ = true;
  mailbox_.close();
  for (uv_handle_t* handle : {as_handle(&after_poll_), as_handle(&keep_turning_),
                              as_handle(&timer_), as_handle(&before_poll_)}) {
    uv_close(handle, nullptr);
  }
}

}  // namespace slotgate
