#include "test/plane_support.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <future>

#include "test/check.h"
#include "test/commands.h"

namespace slotgate::test {

namespace {

constexpr std::uint32_t kDatabase = 1;

CommandRow row(const std::string& name, std::int32_t arity, std::uint32_t flags,
               std::vector<KeySpec> specs) {
  CommandRow made = command_row(name, std::move(specs));
  made.arity = arity;
  made.flags = flags | kFlagQueueable;
  return made;
}

CommandRow split(const std::string& name, Split how, std::uint8_t step, std::uint32_t flags) {
  CommandRow made = split_row(name, how, step);
  made.arity = step == 1 ? -2 : -3;
  made.flags = flags;
  return made;
}

CommandRow local(const std::string& name, LocalAnswer answer, std::uint32_t flags = 0) {
  CommandRow made = command_row(name);
  made.flags = flags;
  made.route = RouteBy::kLocal;
  made.local = answer;
  return made;
}

CommandRow control(const std::string& name, Barrier barrier, std::uint32_t flags = 0) {
  CommandRow made = command_row(name);
  made.route = RouteBy::kControl;
  made.barrier = barrier;
  made.flags = flags;
  return made;
}

CommandRow pubsub(const std::string& name, PubSubAction action, PubSubFamily family) {
  const bool publishes = action == PubSubAction::kPublish;
  CommandRow made = command_row(name);
  made.route = RouteBy::kPubSub;
  made.pubsub = action;
  made.family = family;
  made.arity = publishes ? 3 : action == PubSubAction::kSubscribe ? -2 : -1;
  made.flags = publishes ? kFlagWrite : kFlagConnectionState | kFlagWhileSubscribed;
  made.barrier = publishes ? Barrier::kNone : Barrier::kDrain;
  if (family == PubSubFamily::kShard) made.key_specs = {at_index(1, publishes ? 0 : -1)};
  return made;
}

}  // namespace

std::shared_ptr<const CommandTable> plane_commands() {
  CommandRow ping = local("ping", LocalAnswer::kPing);
  ping.flags = kFlagWhileSubscribed;
  CommandRow quit = local("quit", LocalAnswer::kQuit);
  quit.flags = kFlagWhileSubscribed;
  CommandRow hello = local("hello", LocalAnswer::kHello);
  hello.barrier = Barrier::kDrain;
  hello.ready_reply = "7.0.15";
  constexpr std::uint32_t kChanges = kFlagWrite | kFlagMayReplicate | kFlagKeyspace;
  constexpr std::uint32_t kReads = kFlagReadonly | kFlagKeyspace | kFlagAtReplica;
  CommandRow script =
      row("eval", -3, kChanges | kFlagScript | kFlagRunsBody | kFlagQueueable, {counted(2, 0, 1)});
  CommandRow readonly = local("readonly", LocalAnswer::kIfCluster);
  readonly.ready_reply = "+OK\r\n";
  CommandRow forbidden = command_row("migrate", {at_index(1)});
  forbidden.route = RouteBy::kRefuse;
  forbidden.ready_reply = "-ERR forbidden\r\n";
  CommandRow random = command_row("randomkey");
  random.route = RouteBy::kKeyless;
  random.flags = kFlagReadonly | kFlagQueueable;
  CommandRow set = row("set", -3, kChanges | kFlagRepeatable, {at_index(1)});
  set.retry_options_from = 3;
  set.retry_options = {"EX", "PX"};
  CommandRow watch = control("watch", Barrier::kDrain, kFlagNeverQueued);
  watch.key_specs = {at_index(1, -1)};
  return table_of({
      row("get", 2, kReads, {at_index(1)}),
      row("sinter", -2, kReads, {at_index(1, -1)}),
      set,
      row("append", 3, kChanges, {at_index(1)}),
      row("rename", 3, kChanges, {at_index(1), at_index(2)}),
      split("mget", Split::kArrayInOrder, 1, kReads),
      split("exists", Split::kSum, 1, kReads),
      split("mset", Split::kAllOk, 2, kChanges | kFlagRepeatable),
      split("del", Split::kSum, 1, kChanges),
      script,
      row("evalsha", -3, kFlagWrite | kFlagScript | kFlagRunsDigest | kFlagQueueable,
          {counted(2, 0, 1)}),
      random,
      readonly,
      forbidden,
      ping,
      hello,
      pubsub("subscribe", PubSubAction::kSubscribe, PubSubFamily::kChannel),
      pubsub("psubscribe", PubSubAction::kSubscribe, PubSubFamily::kPattern),
      pubsub("ssubscribe", PubSubAction::kSubscribe, PubSubFamily::kShard),
      pubsub("unsubscribe", PubSubAction::kUnsubscribe, PubSubFamily::kChannel),
      pubsub("punsubscribe", PubSubAction::kUnsubscribe, PubSubFamily::kPattern),
      pubsub("sunsubscribe", PubSubAction::kUnsubscribe, PubSubFamily::kShard),
      pubsub("publish", PubSubAction::kPublish, PubSubFamily::kChannel),
      pubsub("spublish", PubSubAction::kPublish, PubSubFamily::kShard),
      quit,
      local("reply", LocalAnswer::kReplyMode),
      row("blpop", -3, kFlagWrite | kFlagBlocking, {at_index(1, -2)}),
      local("multi", LocalAnswer::kMulti, kFlagNeverQueued),
      local("exec", LocalAnswer::kExec, kFlagNeverQueued),
      local("discard", LocalAnswer::kDiscard, kFlagNeverQueued),
      local("unwatch", LocalAnswer::kUnwatch),
      watch,
      control("info", Barrier::kStop),
      control("flushall", Barrier::kDrain, kFlagUnmonitored),
      control("auth", Barrier::kDrain, kFlagBeforeAuth | kFlagSecret),
      control("monitor", Barrier::kDrain, kFlagUnmonitored),
      control("reset", Barrier::kDrain, kFlagBeforeAuth),
  });
}

TestPlane::TestPlane(std::vector<FakeServer*> servers, PlaneSetup setup)
    : servers_(std::move(servers)) {
  std::signal(SIGPIPE, SIG_IGN);
  plane_ = std::make_unique<Plane>(setup.workers, [] {});
  if (!plane_->start()) std::abort();
  const auto settings = std::make_shared<const DatabaseSettings>(std::move(setup.settings));
  const auto commands = plane_commands();
  on_workers([&](Worker& worker) {
    worker.add_database(kDatabase, settings, scripts_);
    worker.set_commands(kDatabase, commands);
  });
  for (const FakeServer* server : servers_) routes_.servers.push_back(server->entry());
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
    assign(static_cast<std::uint16_t>(slot),
           servers_.empty() ? RouteSnapshot::kNobody
                            : static_cast<std::uint16_t>(slot * servers_.size() / kSlotCount));
  }
  publish();
  for (std::uint32_t worker = 0; worker < setup.workers; ++worker) {
    const int fd = listen_on_loopback(port_);
    plane_->post(worker, [fd](Worker& self) { self.listen(kDatabase, fd, {}); });
  }
  on_workers([](Worker&) {});
}

TestPlane::~TestPlane() {
  stop();
  for (const int fd : listeners_) close(fd);
}

void TestPlane::stop() { plane_->stop(); }

void TestPlane::stop_listening(std::function<void()> done) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(listeners_.size());
  for (std::uint32_t worker = 0; worker < plane_->workers(); ++worker) {
    const int fd = listeners_[worker];
    plane_->post(worker, [fd, left, done](Worker& self) {
      self.stop_listening(fd, false, [left, done] {
        if (--*left == 0) done();
      });
    });
  }
}

std::uint16_t TestPlane::open_port(std::uint32_t database, std::uint32_t worker) {
  std::uint16_t port = 0;
  const int fd = listen_on_loopback(port);
  plane_->post(worker, [database, fd](Worker& self) { self.listen(database, fd, {}); });
  return port;
}

int TestPlane::listen_on_loopback(std::uint16_t& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 512) != 0)
    std::abort();
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  listeners_.push_back(fd);
  return fd;
}

TestClient TestPlane::connect_at(std::uint16_t port) {
  TestClient client = TestClient::connect_to(port);
  CHECK(eventually([&] { return make_known(client.local_port()) || client.is_answered(); }));
  return client;
}

bool TestPlane::make_known(std::uint16_t port) {
  bool found = false;
  on_workers([&](Worker& worker) {
    worker.clients().for_each([&](Client& client) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      if (getpeername(client.fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
          ntohs(peer.sin_port) != port) {
        return;
      }
      found = true;
      client.lane = Lane::kUsual;
      client.special = static_cast<std::uint16_t>(client.special & ~kSpecialLane);
      client.window = std::min(kKnownWindow, client.database->limits().in_flight_per_client_max);
    });
  });
  return found;
}

TestClient TestPlane::connect_served() {
  TestClient client = connect();
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  return client;
}

std::string TestPlane::key(std::size_t server, std::size_t servers, int number) {
  for (int i = 0;; ++i) {
    const std::string name = "k" + std::to_string(i);
    if (slot_of(name) * servers / kSlotCount != server) continue;
    if (number-- == 0) return name;
  }
}

void TestPlane::publish(std::chrono::milliseconds age) {
  ++routes_.version;
  routes_.refresh_started_ms = uv_hrtime() / 1000000 - static_cast<std::uint64_t>(age.count());
  const auto snapshot = std::make_shared<const RouteSnapshot>(routes_);
  on_workers([snapshot](Worker& worker) { worker.set_routes(kDatabase, snapshot); });
}

void TestPlane::show(Presentations presentations) {
  const auto shown = std::make_shared<const Presentations>(std::move(presentations));
  on_workers([&](Worker& worker) { worker.set_presentations(kDatabase, shown); });
}

void TestPlane::set_rules(const std::vector<PeerRule>& rules) {
  ListenerRules of_listener;
  of_listener.peers = rules;
  set_rules(of_listener);
}

void TestPlane::set_rules(const ListenerRules& rules) {
  on_workers([&](Worker& worker) {
    worker.listen(kDatabase, listeners_[worker.context().worker], rules);
  });
}

void TestPlane::on_workers(const Order& order) {
  for (std::uint32_t worker = 0; worker < plane_->workers(); ++worker) {
    // Shared: set_value() may still be in it when the waiting side goes on.
    const auto done = std::make_shared<std::promise<void>>();
    plane_->post(worker, [done, &order](Worker& self) {
      order(self);
      done->set_value();
    });
    done->get_future().wait();
  }
}

std::uint64_t TestPlane::sum(Counter WorkerCounters::*figure) const {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < plane_->workers(); ++i)
    total += (plane_->counters(i).*figure).get();
  return total;
}

void TestPlane::await(Counter WorkerCounters::*figure, std::uint64_t value) {
  if (!eventually([&] { return sum(figure) == value; })) CHECK_EQ(sum(figure), value);
}

void TestPlane::check_script(const FakeServer& server, const std::string& body, bool loaded) {
  const Sha1Digest digest = sha1(bytes_of(body));
  on_workers(
      [&](Worker& worker) { worker.script_checked(kDatabase, server.node_id(), digest, loaded); });
}

void TestPlane::collect() {
  UpBatch batch = plane_->take_up();
  for (ControlRequest& control : batch.controls) controls_.push_back(std::move(control));
  for (PlaneEvent& event : batch.events) events_.push_back(std::move(event));
  for (ErrandResult& result : batch.errands) results_.push_back(std::move(result));
}

void TestPlane::answer(const ControlRequest& asked, const ControlAnswer& given) {
  on_workers(
      [&](Worker& worker) { worker.control().answer(asked.client_index, asked.client_id, given); });
}

void TestPlane::answer(const ControlRequest& asked, const std::string& reply) {
  ControlAnswer given;
  given.reply = reply;
  answer(asked, given);
}

std::uint64_t TestPlane::send(const ControlRequest& asked, const FakeServer& to,
                              const std::string& line, ErrandOrder order) {
  return send_to_all(asked, {&to}, line, std::move(order));
}

std::uint64_t TestPlane::send_to_all(const ControlRequest& asked,
                                     const std::vector<const FakeServer*>& to,
                                     const std::string& line, ErrandOrder order) {
  order.ticket = ++last_ticket_;
  order.client_id = asked.client_id;
  order.client_index = asked.client_index;
  order.frame = request(line);
  for (const FakeServer* const server : to) order.nodes.push_back(server->node_id());
  on_workers([&](Worker& worker) { worker.errands().run(order); });
  return order.ticket;
}

std::uint64_t TestPlane::locate(const ControlRequest& asked) {
  const std::uint64_t ticket = ++last_ticket_;
  on_workers([&](Worker& worker) {
    worker.errands().locate(ticket, asked.client_index, asked.client_id);
  });
  return ticket;
}

ErrandOutcome TestPlane::outcome(std::uint64_t ticket) {
  std::vector<ErrandOutcome> all = outcomes(ticket);
  CHECK_EQ(all.size(), 1U);
  return all.empty() ? ErrandOutcome{} : std::move(all.front());
}

std::vector<ErrandOutcome> TestPlane::outcomes(std::uint64_t ticket) {
  const auto is_it = [&](const ErrandResult& result) { return result.ticket == ticket; };
  const bool came = eventually([&] {
    collect();
    return std::any_of(results_.begin(), results_.end(), is_it);
  });
  CHECK(came);
  if (!came) return {};
  const auto found = std::find_if(results_.begin(), results_.end(), is_it);
  std::vector<ErrandOutcome> all = std::move(found->outcomes);
  results_.erase(found);
  return all;
}

void TestPlane::log_in(const std::string& line, TestClient& client, std::int32_t user) {
  client.ask(line);
  ControlAnswer login;
  login.reply = "+OK\r\n";
  login.user = user;
  answer(take_control(), login);
  CHECK_EQ(client.reply(), "+OK\r\n");
}

ControlRequest TestPlane::take_control() {
  const bool came = eventually([&] {
    collect();
    return !controls_.empty();
  });
  CHECK(came);
  if (!came) return {};
  ControlRequest control = std::move(controls_.front());
  controls_.erase(controls_.begin());
  return control;
}

std::vector<PlaneEvent> TestPlane::take_events(PlaneEvent::Kind kind) {
  collect();
  std::vector<PlaneEvent> taken;
  std::erase_if(events_, [&](const PlaneEvent& event) {
    if (event.kind != kind) return false;
    taken.push_back(event);
    return true;
  });
  return taken;
}

std::uint16_t slot_of(const std::string& key) { return slot_for_key(bytes_of(key)); }

std::string moved(const std::string& key, const FakeServer& to) {
  return "-MOVED " + std::to_string(slot_of(key)) + " " + to.endpoint() + "\r\n";
}

std::string ask_at(const std::string& key, const FakeServer& to) {
  return "-ASK " + std::to_string(slot_of(key)) + " " + to.endpoint() + "\r\n";
}

std::string being_moved(const std::string& key) {
  return "-TRYAGAIN slot " + std::to_string(slot_of(key)) +
         " is being moved; nothing was executed\r\n";
}

}  // namespace slotgate::test
