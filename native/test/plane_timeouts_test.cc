// Clients that keep a connection and do nothing with it. Time is not waited for: the clients'
// clocks are put back, and the last client of each test, which is over its limit, shows when all of
// them have been looked at.
#include <thread>

#include "test/check.h"
#include "test/plane_pubsub_support.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

constexpr std::uint32_t kLimit = 30000;
/// Far enough below the limit for a slow machine.
constexpr std::uint64_t kUnder = kLimit / 2;
constexpr std::uint64_t kOver = kLimit;

PlaneSetup with(std::uint32_t PlaneLimits::*limit) {
  PlaneSetup setup;
  setup.settings.limits.*limit = kLimit;
  return setup;
}

/// The clients, oldest first, have done nothing for so many milliseconds.
void make_quiet(TestPlane& plane, const std::vector<std::uint64_t>& quiet_ms) {
  plane.on_workers([&](Worker& worker) {
    std::size_t number = 0;
    worker.clients().for_each([&](Client& client) {
      const std::uint64_t since = worker.context().now_ms - quiet_ms.at(number++);
      client.last_read_ms = client.excused_at_ms = client.must_log_in_since_ms = since;
    });
    CHECK_EQ(number, quiet_ms.size());
  });
}

/// Adds an idle client, makes those before it as quiet, and waits for its end.
void pass_a_round(TestPlane& plane, std::size_t others, std::uint64_t quiet_ms = kOver) {
  TestClient last = plane.connect_served();
  std::vector<std::uint64_t> quiet(others, quiet_ms);
  quiet.push_back(kOver);
  make_quiet(plane, quiet);
  CHECK(last.is_closed());
}

TEST(a_client_that_is_idle_for_too_long_is_closed) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  TestClient under = plane.connect_served();
  pass_a_round(plane, 1, kUnder);
  CHECK_EQ(under.call("PING"), "+PONG\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::idle_closed), 1U);
  make_quiet(plane, {kOver});
  CHECK(under.is_closed());
  CHECK_EQ(plane.sum(&WorkerCounters::idle_closed), 2U);
}

TEST(who_waits_for_a_reply_is_not_idle) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  TestClient at_server = plane.connect_served();
  at_server.ask("GET x");
  const Call call = a.take();
  TestClient in_control = plane.connect_served();
  in_control.ask("INFO");
  const ControlRequest asked = plane.take_control();
  pass_a_round(plane, 2);
  a.reply(call, bulk("1"));
  CHECK_EQ(at_server.reply(), bulk("1"));
  plane.answer(asked, bulk("2"));
  CHECK_EQ(in_control.reply(), bulk("2"));
  make_quiet(plane, {kOver, kUnder});
  CHECK(at_server.is_closed());
  CHECK_EQ(in_control.call("PING"), "+PONG\r\n");
}

TEST(time_spent_waiting_for_a_reply_does_not_count) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  TestClient client = plane.connect_served();
  client.ask("GET x");
  const Call call = a.take();
  pass_a_round(plane, 1);
  a.reply(call, bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  // Its last byte is over the limit, but it was seen to wait since.
  TestClient last = plane.connect_served();
  plane.on_workers([](Worker& worker) {
    worker.clients().for_each([&](Client& one) {
      one.last_read_ms = worker.context().now_ms - kOver;
      if (one.head == kNoIndex && one.index != 0) one.excused_at_ms = one.last_read_ms;
    });
  });
  CHECK(last.is_closed());
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(a_paused_client_is_not_idle) {
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  TestClient client = plane.connect_served();
  plane.on_workers([](Worker& worker) { worker.pause_clients(1, 1, 1000000, false); });
  client.ask("SET x 1");
  CHECK(client.hears_nothing());
  pass_a_round(plane, 1);
  plane.on_workers([](Worker& worker) { worker.unpause_clients(2, 1); });
  CHECK_EQ(client.reply(), "+OK\r\n");
}

/// True if the only client waits for nothing but its own reading.
bool is_stuck(TestPlane& plane) {
  bool stuck = false;
  plane.on_workers([&](Worker& worker) {
    worker.clients().for_each([&](Client& client) {
      stuck = client.head == kNoIndex && client.unparsed && client.output &&
              client.output->size() > kOutputBacklogBytes;
    });
  });
  return stuck;
}

struct Stuck {
  FakeServer a;
  std::string reply = bulk(std::string(50000, 'v'));
  TestPlane plane;
  TestClient client = plane.connect_served();

  explicit Stuck(PlaneSetup setup = {}) : plane({&a}, std::move(setup)) {
    a.answer_with([this](const Call&) { return reply; });
    for (int i = 0; i < 2000; ++i) client.ask("GET x");
    CHECK(eventually([&] { return is_stuck(plane); }));
  }
};

TEST(a_client_that_leaves_its_replies_unread_is_idle) {
  Stuck it(with(&PlaneLimits::client_idle_ms));
  pass_a_round(it.plane, 1, kUnder);
  CHECK_EQ(it.plane.sum(&WorkerCounters::idle_closed), 1U);
  make_quiet(it.plane, {kOver});
  it.plane.await(&WorkerCounters::idle_closed, 2);
}

TEST(a_client_that_takes_its_replies_is_not_idle) {
  // Without limits nobody else looks at the client's clock.
  Stuck it;
  make_quiet(it.plane, {kOver});
  CHECK(eventually([&] {
    CHECK_EQ(it.client.reply().size(), it.reply.size());
    bool moved = false;
    it.plane.on_workers([&](Worker& worker) {
      worker.clients().for_each(
          [&](Client& client) { moved = worker.context().now_ms - client.excused_at_ms < kUnder; });
    });
    return moved;
  }));
}

TEST(subscribers_monitors_and_clients_that_track_may_be_silent) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  TestClient subscriber = plane.connect_served();
  subscriber.ask("SUBSCRIBE news");
  confirm(a, "subscribe news");
  CHECK_EQ(subscriber.reply(), array_of({"subscribe", "news"}, 1));

  TestClient monitor = plane.connect_served();
  monitor.ask("MONITOR");
  ControlAnswer shows;
  shows.reply = "+OK\r\n";
  shows.change = ClientChange::kMonitor;
  plane.answer(plane.take_control(), shows);
  CHECK_EQ(monitor.reply(), "+OK\r\n");

  TestClient tracker = plane.connect_served();
  tracker.ask("INFO");
  const ControlRequest asked = plane.take_control();
  plane.on_workers([&](Worker& worker) {
    BoundLinks bound;
    bound.tracks = true;
    bound.setup = {{"CLIENT", "TRACKING", "ON"}};
    worker.control().bind(asked.client_index, asked.client_id, bound);
  });
  plane.answer(asked, "+OK\r\n");
  CHECK_EQ(tracker.reply(), "+OK\r\n");

  pass_a_round(plane, 3);
  CHECK_EQ(plane.sum(&WorkerCounters::idle_closed), 1U);
  CHECK_EQ(plane.sum(&WorkerCounters::clients), 3U);
  CHECK_EQ(tracker.call("PING"), "+PONG\r\n");
  CHECK(subscriber.hears_nothing());
}

TEST(an_unfinished_request_that_does_not_go_on_is_refused_behind_earlier_replies) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::partial_request_ms));
  TestClient under = plane.connect_served();
  under.send("*1\r\n$4\r\nPI");
  TestClient idle = plane.connect_served();
  TestClient over = plane.connect_served();
  over.send(request("GET x") + "*2\r\n$3\r\nGET\r\n$1");
  const Call call = a.take();
  make_quiet(plane, {kUnder, kOver, kOver});
  plane.await(&WorkerCounters::partial_request_closed, 1);
  a.reply(call, bulk("1"));
  CHECK_EQ(over.reply(), bulk("1"));
  CHECK_EQ(over.reply(), "-ERR Protocol error: request not completed within 30000 ms\r\n");
  CHECK(over.is_closed());
  under.send("NG\r\n");
  CHECK_EQ(under.reply(), "+PONG\r\n");
  CHECK_EQ(idle.call("PING"), "+PONG\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::idle_closed), 0U);
}

struct Upload {
  FakeServer a;
  TestPlane plane;
  TestClient client = plane.connect_served();
  std::string key = plane.key_of(0);
  std::string head = "*3\r\n$3\r\nSET\r\n" + bulk(key) + "$2000000\r\n";
  std::string half = std::string(1000000, 'v');

  explicit Upload(std::uint32_t PlaneLimits::*limit) : plane({&a}, with(limit)) {
    client.send(head);
  }
  Call probe() {
    const Call call = a.take();
    CHECK_EQ(call.text(), "EXISTS " + key);
    return call;
  }
  /// Begins the upload and stops half-way.
  void stop_half_way() {
    a.reply(probe(), ":0\r\n");
    client.send(half);
    plane.await(&WorkerCounters::client_bytes_in,
                request("PING").size() + head.size() + half.size());
  }
};

TEST(an_upload_that_stalls_is_refused) {
  Upload it(&PlaneLimits::partial_request_ms);
  it.stop_half_way();
  make_quiet(it.plane, {kOver});
  CHECK_EQ(it.client.reply(), "-ERR Protocol error: request not completed within 30000 ms\r\n");
  CHECK(it.client.is_closed());
  CHECK_EQ(it.plane.sum(&WorkerCounters::partial_request_closed), 1U);
}

TEST(an_upload_that_waits_for_its_server_is_not_stalled) {
  Upload it(&PlaneLimits::partial_request_ms);
  const Call probe = it.probe();
  TestClient last = it.plane.connect_served();
  const std::uint64_t before = it.plane.sum(&WorkerCounters::client_bytes_in);
  last.send("*1\r\n");
  it.plane.await(&WorkerCounters::client_bytes_in, before + 4);
  make_quiet(it.plane, {kOver, kOver});
  it.plane.await(&WorkerCounters::partial_request_closed, 1);
  it.a.reply(probe, ":0\r\n");
  std::thread sender([&] { it.client.send(it.half + it.half + "\r\n"); });
  const Call call = it.a.take();
  CHECK_EQ(call.arg(2).size(), 2000000U);
  sender.join();
  it.a.reply(call, "+OK\r\n");
  CHECK_EQ(it.client.reply(), "+OK\r\n");
}

TEST(a_client_that_stopped_in_its_upload_is_idle) {
  Upload it(&PlaneLimits::client_idle_ms);
  it.stop_half_way();
  pass_a_round(it.plane, 1, kUnder);
  make_quiet(it.plane, {kOver});
  CHECK(it.client.is_closed());
  CHECK_EQ(it.plane.sum(&WorkerCounters::idle_closed), 2U);
}

TEST(a_client_that_does_not_log_in_in_time_is_closed) {
  FakeServer a;
  PlaneSetup setup = with(&PlaneLimits::login_ms);
  setup.settings.client_must_authenticate = true;
  setup.settings.users.push_back({"alice", "secret", true});
  TestPlane plane({&a}, setup);
  TestClient under = plane.connect();
  CHECK(under.call("GET x").starts_with("-NOAUTH"));
  TestClient alice = plane.connect();
  plane.log_in("AUTH alice secret", alice, 1);
  TestClient over = plane.connect();
  CHECK(over.call("GET x").starts_with("-NOAUTH"));
  make_quiet(plane, {kUnder, kOver, kOver});
  CHECK(over.is_closed());
  CHECK_EQ(plane.sum(&WorkerCounters::login_timeout_closed), 1U);
  CHECK(under.call("GET x").starts_with("-NOAUTH"));

  // Who logs out is a stranger again, from then on.
  alice.ask("RESET");
  ControlAnswer reset;
  reset.reply = "+RESET\r\n";
  reset.change = ClientChange::kReset;
  plane.answer(plane.take_control(), reset);
  CHECK_EQ(alice.reply(), "+RESET\r\n");
  CHECK(alice.call("GET x").starts_with("-NOAUTH"));
  plane.on_workers([](Worker& worker) {
    const std::uint64_t now = worker.context().now_ms;
    worker.clients().for_each([&](Client& client) {
      if (client.index == 0) client.must_log_in_since_ms = now - kOver;
    });
  });
  CHECK(under.is_closed());
  CHECK(alice.call("GET x").starts_with("-NOAUTH"));
}

TEST(a_round_goes_on_in_later_turns_until_all_clients_were_looked_at) {
  FakeServer a;
  TestPlane plane({&a}, with(&PlaneLimits::client_idle_ms));
  std::vector<std::uint32_t> taken(5000);
  plane.on_workers([&](Worker& worker) {
    for (std::uint32_t& index : taken) index = worker.context().clients.take();
  });
  pass_a_round(plane, 0);
  plane.on_workers([&](Worker& worker) {
    for (const std::uint32_t index : taken) worker.context().clients.give(index);
  });
}

}  // namespace
}  // namespace slotgate::test
