// Limits of the configuration: what is just under one passes, what is over it does not.
#include <optional>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// One server and two clients, with limits that differ from the default.
struct Limited {
  explicit Limited(const PlaneLimits& limits) : plane({&a, &b}, setup_of(limits)) {}

  static PlaneSetup setup_of(const PlaneLimits& limits) {
    PlaneSetup setup;
    setup.settings.limits = limits;
    return setup;
  }

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  TestClient other = plane.connect();
};

TEST(requests_in_flight_of_a_client) {
  for (const std::uint32_t most : {1U, 8U, 32U}) {
    PlaneLimits limits;
    limits.in_flight_per_client_max = most;
    Limited it(limits);
    const std::string get = "GET " + it.plane.key_of(0);
    std::string pipeline;
    for (std::uint32_t i = 0; i <= most; ++i) pipeline += request(get);
    it.client.send(pipeline);
    CHECK(eventually([&] { return it.a.waiting() >= most; }));
    CHECK(it.client.hears_nothing());
    CHECK_EQ(it.a.waiting(), most);
    for (std::uint32_t i = 0; i <= most; ++i) it.a.serve(get, bulk("1"));
    for (std::uint32_t i = 0; i <= most; ++i) CHECK_EQ(it.client.reply(), bulk("1"));
  }
}

TEST(bytes_held_for_a_shard_and_for_all) {
  for (const bool by_shard : {true, false}) {
    const std::string value(50, 'v');
    const auto set = [&](std::size_t server, int number) {
      const std::string key = TestPlane::key(server, 2, number);
      return "SET " + key + " " + value.substr(key.size());
    };
    PlaneLimits limits;
    (by_shard ? limits.hold_bytes_per_shard_max : limits.hold_bytes_max) =
        2 * request(set(0, 0)).size();
    Limited it(limits);
    it.a.refuse(true);
    it.b.refuse(true);
    it.client.ask(set(0, 0));
    it.client.ask(set(0, 1));
    it.plane.await(&WorkerCounters::held_now, 2);
    // One more for the same shard is refused; for another one only the sum counts.
    CHECK(it.other.call(set(0, 2)).starts_with("-CLUSTERDOWN "));
    CHECK_EQ(it.plane.sum(&WorkerCounters::held_rejected), 1U);
    it.other.ask(set(1, 0));
    if (by_shard) {
      it.plane.await(&WorkerCounters::held_now, 3);
    } else {
      CHECK(it.other.reply().starts_with("-CLUSTERDOWN "));
    }
  }
}

TEST(bytes_of_what_a_server_refused_count_as_held_for_its_shard_and_for_all) {
  const std::string tag = "{" + TestPlane::key(0, 2) + "}";
  const std::string rename = "RENAME " + tag + "1 " + tag + "2";
  const std::string refusal = "-TRYAGAIN Multiple keys request during rehashing of slot\r\n";
  for (const bool by_shard : {true, false}) {
    for (const std::size_t fitting : {1U, 2U}) {
      PlaneLimits limits;
      (by_shard ? limits.hold_bytes_per_shard_max : limits.hold_bytes_max) =
          fitting * request(rename).size();
      Limited it(limits);
      // On a link of its own: neither is repeated before what it has sent behind it is answered.
      (void)it.other.call("HELLO 3");
      const auto be_refused = [&](TestClient& client) {
        client.send(request(rename) + request("GET " + tag));
        const Call refused = it.a.take();
        (void)it.a.take();
        it.a.reply(refused, refusal);
      };
      be_refused(it.client);
      it.plane.await(&WorkerCounters::held_bytes_now, request(rename).size());
      be_refused(it.other);
      if (fitting == 2) {
        it.plane.await(&WorkerCounters::held_now, 2);
        CHECK(it.other.hears_nothing());
      } else {
        CHECK_EQ(it.other.reply(), refusal);
      }
      CHECK_EQ(it.plane.sum(&WorkerCounters::held_rejected), 2 - fitting);
      it.client.leave(true);
      it.other.leave(true);
      it.plane.await(&WorkerCounters::held_now, 0);
      it.plane.await(&WorkerCounters::held_bytes_now, 0);
    }
  }
}

TEST(redirects_of_a_request) {
  PlaneLimits limits;
  limits.redirects_max = 3;
  limits.hold_timeout_ms = 300;
  Limited it(limits);
  const std::string key = it.plane.key_of(0);
  const std::string get = "GET " + key;
  it.client.ask(get);
  it.a.serve(get, moved(key, it.b));
  it.b.serve(get, moved(key, it.a));
  it.a.serve(get, moved(key, it.b));
  it.b.serve(get, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.plane.sum(&WorkerCounters::held), 0U);
  it.client.ask(get);
  it.b.serve(get, moved(key, it.a));
  it.a.serve(get, moved(key, it.b));
  it.b.serve(get, moved(key, it.a));
  it.a.serve(get, moved(key, it.b));
  // Not at once any more, but behind a pause.
  it.plane.await(&WorkerCounters::held, 1);
  it.b.serve(get, bulk("2"));
  CHECK_EQ(it.client.reply(), bulk("2"));
}

TEST(connections_to_a_server) {
  for (const std::uint32_t most : {1U, 2U}) {
    PlaneLimits limits;
    limits.links_per_server_max = most;
    limits.hold_timeout_ms = 300;
    Limited it(limits);
    it.a.answer_with([](const Call&) { return std::optional(bulk("1")); });
    const std::string get = "GET " + it.plane.key_of(0);
    CHECK_EQ(it.client.call(get), bulk("1"));
    CHECK(it.other.call("HELLO 3").starts_with("%"));
    const std::string reply = it.other.call(get);
    if (most == 1) {
      CHECK(reply.starts_with("-CLUSTERDOWN no connection to " + it.a.endpoint()));
      CHECK(reply.ends_with("maxLinksPerServer is reached\r\n"));
    } else {
      CHECK_EQ(reply, bulk("1"));
    }
    CHECK_EQ(it.a.accepted(), static_cast<int>(most));
  }
}

TEST(time_that_a_connection_may_take) {
  PlaneLimits limits;
  limits.connect_timeout_ms = 3000;
  Limited it(limits);
  it.a.greet_with("-");
  const std::string get = "GET " + it.plane.key_of(0);
  it.client.ask(get);
  if (!eventually([&] { return it.a.handshakes().size() == 1; })) CHECK(false);
  CHECK(it.client.hears_nothing());
  it.a.send_to(0, "+OK\r\n+OK\r\n" + bulk(it.a.node_id()) + ":100\r\n");
  it.a.serve(get, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.plane.sum(&WorkerCounters::links_lost), 0U);
}

TEST(time_that_a_request_is_held) {
  PlaneLimits limits;
  limits.hold_timeout_ms = 2000;
  Limited it(limits);
  const std::string get = "GET " + it.plane.key_of(0);
  it.a.refuse(true);
  it.client.ask(get);
  it.plane.await(&WorkerCounters::held_now, 1);
  CHECK(it.client.hears_nothing());
  it.a.refuse(false);
  it.a.serve(get, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.plane.sum(&WorkerCounters::held_expired), 0U);
  it.a.refuse(true);
  it.a.close_connections();
  CHECK(it.client.call(get).starts_with("-CLUSTERDOWN "));
  CHECK_EQ(it.plane.sum(&WorkerCounters::held_expired), 1U);
}

}  // namespace
}  // namespace slotgate::test
