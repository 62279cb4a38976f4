// Several workers, the limit of clients, and the end with everything under way.
#include <atomic>
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

std::optional<std::string> echo(const Call& call) { return bulk(call.arg(1)); }

TEST(clients_are_spread_over_two_workers_and_all_are_served) {
  FakeServer a;
  FakeServer b;
  a.answer_with(echo);
  b.answer_with(echo);
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a, &b}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(plane.connect_served());
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    const std::uint64_t count = plane.plane().counters(worker).clients.get();
    CHECK(count >= 24 && count <= 40);
  }
  const auto drive = [&](std::size_t first) {
    std::string pipeline;
    for (int i = 0; i < 100; ++i) pipeline += request("GET k" + std::to_string(i));
    for (std::size_t c = first; c < first + 32; ++c) clients[c].send(pipeline);
    for (std::size_t c = first; c < first + 32; ++c) {
      for (int i = 0; i < 100; ++i) {
        if (clients[c].reply() != bulk("k" + std::to_string(i))) return false;
      }
    }
    return true;
  };
  bool second = false;
  std::thread other([&] { second = drive(32); });
  CHECK(drive(0));
  other.join();
  CHECK(second);
  // One shared link per worker and server.
  CHECK_EQ(a.accepted(), 2);
  CHECK_EQ(b.accepted(), 2);
}

TEST(a_burst_of_connections_is_spread_too) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(plane.connect());
  for (TestClient& client : clients) CHECK_EQ(client.call("PING"), "+PONG\r\n");
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    CHECK(plane.plane().counters(worker).clients.get() >= 20);
  }
}

TEST(one_client_too_many_is_refused_in_a_servers_words) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.limits.clients_max = 3;
  TestPlane plane({&a}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(plane.connect_served());
  TestClient refused = plane.connect();
  CHECK_EQ(refused.reply(), "-ERR max number of clients reached\r\n");
  CHECK(refused.is_closed());
  clients[0].leave();
  plane.await(&WorkerCounters::clients, 2);
  clients.push_back(plane.connect_served());
  CHECK_EQ(plane.sum(&WorkerCounters::rejected), 1U);
}

TEST(a_listener_that_stopped_accepts_nobody_and_keeps_its_clients) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  std::atomic<bool> stopped = false;
  plane.stop_listening([&] { stopped = true; });
  CHECK(eventually([&] { return stopped.load(); }));
  TestClient late = plane.connect_unknown();
  late.ask("PING");
  CHECK(late.hears_nothing());
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(stopping_with_traffic_closes_everything) {
  for (int round = 0; round < 5; ++round) {
    FakeServer a;
    FakeServer b;
    a.answer_with(echo);
    b.answer_with(echo);
    PlaneSetup setup;
    setup.workers = 2;
    TestPlane plane({&a, &b}, setup);
    std::vector<TestClient> clients;
    std::string pipeline;
    for (int i = 0; i < 500; ++i) pipeline += request("MGET k" + std::to_string(i) + " x y z");
    for (int i = 0; i < 8; ++i) clients.push_back(plane.connect());
    for (TestClient& client : clients) client.send(pipeline);
    plane.stop();
    CHECK_EQ(plane.sum(&WorkerCounters::clients), 0U);
    CHECK_EQ(plane.sum(&WorkerCounters::links), 0U);
  }
}

TEST(stopping_ends_what_is_held_parked_connecting_and_asked) {
  FakeServer a;
  FakeServer silent;
  silent.greet_with("-");
  TestPlane plane({&a, &silent});
  std::vector<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(plane.connect());
  const std::string key = plane.key_of(0);
  plane.assign(slot_of(plane.key_of(0, 1)), RouteSnapshot::kNobody);
  plane.publish();
  clients[0].ask("SET " + plane.key_of(0, 1) + " held");
  clients[1].ask("SET " + plane.key_of(1) + " connecting");
  clients[2].ask("INFO");
  clients[3].send(request("RENAME {" + key + "}1 {" + key + "}2") + request("GET {" + key + "}3"));
  const Call parked = a.take();
  (void)a.take();
  a.reply(parked, "-TRYAGAIN wait\r\n");
  clients[4].ask("MGET " + key + " " + plane.key_of(0, 1) + " " + plane.key_of(1));
  clients[5].send("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$100\r\nhalf");
  (void)plane.take_control();
  plane.await(&WorkerCounters::refused_tryagain, 1);
  plane.await(&WorkerCounters::split_requests, 1);
  plane.stop();
  CHECK_EQ(plane.sum(&WorkerCounters::clients), 0U);
  CHECK_EQ(plane.sum(&WorkerCounters::held_now), 0U);
  CHECK_EQ(plane.sum(&WorkerCounters::held_bytes_now), 0U);
  for (TestClient& client : clients) CHECK(client.is_closed());
}

TEST(idle_clients_are_closed_between_requests_and_busy_ones_are_not) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient idle = plane.connect_served();
  TestClient busy = plane.connect_served();
  busy.ask("GET x");
  const Call call = a.take();
  plane.on_workers([](Worker& worker) { worker.leavers().add(10, Leaving::kNow); });
  CHECK(idle.is_closed());
  a.reply(call, bulk("1"));
  CHECK_EQ(busy.reply(), bulk("1"));
}

void make_leave(TestPlane& plane, Leaving how) {
  plane.on_workers([how](Worker& worker) { worker.leavers().add(100, how); });
}

/// A client that no longer counts as one who has just connected.
TestClient settled_client(TestPlane& plane) {
  TestClient client = plane.connect_served();
  std::this_thread::sleep_for(std::chrono::milliseconds(kSettlingMs + 50));
  return client;
}

TEST(a_client_that_is_to_leave_goes_when_it_pauses_behind_a_reply) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = settled_client(plane);
  TestClient young = plane.connect_served();
  client.ask("GET x");
  client.ask("GET y");
  const Call first = a.take();
  const Call second = a.take();
  make_leave(plane, Leaving::kInPause);
  a.reply(first, bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK(client.hears_nothing());
  a.reply(second, bulk("2"));
  CHECK_EQ(client.reply(), bulk("2"));
  CHECK(client.is_closed());
  CHECK(young.hears_nothing());
  CHECK_EQ(young.call("PING"), "+PONG\r\n");
}

TEST(a_client_that_is_to_leave_ends_its_transaction_first) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = settled_client(plane);
  CHECK_EQ(client.call("MULTI"), "+OK\r\n");
  make_leave(plane, Leaving::kInPause);
  make_leave(plane, Leaving::kNow);
  CHECK_EQ(client.call("GET x"), "+QUEUED\r\n");
  CHECK(client.hears_nothing());
  CHECK_EQ(client.call("DISCARD"), "+OK\r\n");
  CHECK(client.is_closed());
}

TEST(from_a_busy_client_that_has_to_leave_nothing_more_is_taken) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  client.ask("GET x");
  const Call call = a.take();
  make_leave(plane, Leaving::kNow);
  client.ask("SET x 1");
  CHECK(client.hears_nothing());
  a.reply(call, bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK(client.is_closed());
  CHECK_EQ(plane.sum(&WorkerCounters::clients), 0U);
  CHECK(a.stays_quiet());
}

TEST(orders_for_what_does_not_exist_do_nothing) {
  TestPlane plane({});
  plane.on_workers([](Worker& worker) {
    worker.set_routes(99, std::make_shared<const RouteSnapshot>());
    worker.set_commands(99, plane_commands());
    worker.preconnect(99);
    worker.control().answer(12345, 67890, {});
    worker.control().dispatch_again(0, 1);
  });
  TestClient client = plane.connect_served();
  client.ask("GET x");
  plane.await(&WorkerCounters::held_now, 1);
}

}  // namespace
}  // namespace slotgate::test
