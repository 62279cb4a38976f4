// The clients that are shown the same: their number, what they fall back to, closing them.
#include <algorithm>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

Presentation in_mode(const std::string& mode) {
  Presentation shown;
  shown.hello_mode = mode;
  return shown;
}

std::string mode_of(TestClient& client) {
  const std::string reply = client.call("HELLO");
  for (const char* mode : {"zero", "one", "two", "standalone"}) {
    if (reply.find(bulk("mode") + bulk(mode)) != std::string::npos) return mode;
  }
  return reply;
}

/// Clients of each presentation, over all workers.
std::uint32_t count(TestPlane& plane, std::vector<std::uint16_t> numbers,
                    std::uint32_t database = 1) {
  std::uint32_t done = 0;
  std::uint32_t sum = 0;
  plane.on_workers([&](Worker& worker) { worker.count_clients(7, {database, numbers}); });
  const bool came = eventually([&] {
    for (const QueryReport& report : plane.plane().take_up().reports) {
      CHECK_EQ(report.number, 7U);
      sum += report.count;
      done += report.done ? 1 : 0;
    }
    return done == plane.plane().workers();
  });
  CHECK(came);
  return sum;
}

struct Audiences {
  explicit Audiences(std::uint32_t workers = 1) : plane({&a}, setup(workers)) {
    plane.show({in_mode("zero"), in_mode("one"), in_mode("two")});
  }

  static PlaneSetup setup(std::uint32_t workers) {
    PlaneSetup setup;
    setup.workers = workers;
    return setup;
  }
  /// A client that is shown the presentation of this number.
  TestClient connect(std::uint16_t presentation) {
    plane.set_rules({{std::nullopt, presentation}});
    return plane.connect_served();
  }

  FakeServer a;
  TestPlane plane;
};

TEST(each_client_is_shown_what_its_listeners_rule_said_when_it_connected) {
  Audiences all;
  TestClient zero = all.connect(0);
  TestClient two = all.connect(2);
  TestClient one = all.connect(1);
  CHECK_EQ(mode_of(zero), "zero");
  CHECK_EQ(mode_of(one), "one");
  CHECK_EQ(mode_of(two), "two");
  all.plane.show({in_mode("two"), in_mode("zero"), in_mode("one")});
  CHECK_EQ(mode_of(zero), "two");
  CHECK_EQ(mode_of(one), "zero");
  CHECK_EQ(mode_of(two), "one");
}

TEST(a_number_that_is_not_published_is_shown_what_number_0_is) {
  Audiences all;
  TestClient two = all.connect(2);
  TestClient nine = all.connect(9);
  CHECK_EQ(mode_of(nine), "zero");
  all.plane.show({in_mode("one")});
  CHECK_EQ(mode_of(two), "one");
  CHECK_EQ(mode_of(nine), "one");
  all.plane.show({in_mode("zero"), in_mode("one"), in_mode("two")});
  CHECK_EQ(mode_of(two), "two");
  all.plane.show({});
  CHECK_EQ(mode_of(two), "standalone");
}

TEST(the_control_plane_is_told_where_a_client_belongs) {
  Audiences all;
  TestClient client = all.connect(2);
  client.ask("INFO");
  const ControlRequest asked = all.plane.take_control();
  CHECK_EQ(asked.presentation, 2);
  CHECK(asked.local_address.starts_with("127.0.0.1:"));
  CHECK(asked.local_address != asked.client_address);
}

TEST(clients_are_counted_by_what_they_are_shown) {
  Audiences all(2);
  std::vector<TestClient> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(all.connect(static_cast<std::uint16_t>(i % 3)));
  CHECK_EQ(count(all.plane, {0, 1, 2}), 12U);
  CHECK_EQ(count(all.plane, {1}), 4U);
  CHECK_EQ(count(all.plane, {0, 2}), 8U);
  CHECK_EQ(count(all.plane, {9}), 0U);
  CHECK_EQ(count(all.plane, {}), 0U);
  CHECK_EQ(count(all.plane, {0}, 99), 0U);
  clients[1].leave();
  clients[4].leave();
  all.plane.await(&WorkerCounters::clients, 10);
  CHECK_EQ(count(all.plane, {1}), 2U);
}

TEST(idle_clients_are_closed_by_what_they_are_shown) {
  Audiences all;
  TestClient zero = all.connect(0);
  TestClient busy = all.connect(1);
  TestClient idle = all.connect(1);
  busy.ask("GET x");
  const Call call = all.a.take();
  const AudienceNames other_database{99, {0, 1, 2}};
  const AudienceNames ones{1, {1, 5}};
  all.plane.on_workers([&](Worker& worker) {
    worker.leavers().add(10, Leaving::kNow, &other_database);
    worker.leavers().add(0, Leaving::kNow, &ones);
  });
  CHECK_EQ(all.plane.sum(&WorkerCounters::clients), 3U);
  all.plane.on_workers([&](Worker& worker) { worker.leavers().add(10, Leaving::kNow, &ones); });
  CHECK(idle.is_closed());
  all.a.reply(call, bulk("1"));
  CHECK_EQ(busy.reply(), bulk("1"));
  CHECK(busy.is_closed());
  CHECK_EQ(zero.call("PING"), "+PONG\r\n");
  CHECK_EQ(count(all.plane, {0, 1}), 1U);
}

TEST(who_was_to_leave_in_a_pause_may_be_let_stay_by_what_it_is_shown) {
  Audiences all;
  TestClient zero = all.connect(0);
  TestClient one = all.connect(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(kSettlingMs + 50));
  zero.ask("GET x");
  const Call zeros = all.a.take();
  one.ask("GET x");
  const Call ones = all.a.take();
  const AudienceNames chosen{1, {1, 5}};
  const AudienceNames other_database{99, {0, 1}};
  all.plane.on_workers([&](Worker& worker) {
    worker.leavers().add(10, Leaving::kInPause);
    worker.leavers().let_stay(other_database);
    worker.leavers().let_stay(chosen);
  });
  all.a.reply(zeros, bulk("0"));
  all.a.reply(ones, bulk("1"));
  CHECK_EQ(zero.reply(), bulk("0"));
  CHECK(zero.is_closed());
  CHECK_EQ(one.reply(), bulk("1"));
  CHECK(one.hears_nothing());
  // It can be told so again.
  all.plane.on_workers(
      [&](Worker& worker) { worker.leavers().add(10, Leaving::kInPause, &chosen); });
  CHECK(one.is_closed());
}

}  // namespace
}  // namespace slotgate::test
