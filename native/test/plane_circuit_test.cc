// The circuit breaker of a server: who knocks at one that failed, and how often.
#include <algorithm>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

PlaneSetup impatient() {
  PlaneSetup setup;
  setup.settings.limits.connect_timeout_ms = 200;
  return setup;
}

/// States of circuits that the control plane was told since the last call.
std::vector<std::string> states(TestPlane& plane) {
  std::vector<std::string> texts;
  for (const PlaneEvent& event : plane.take_events(PlaneEvent::Kind::kCircuit))
    texts.push_back(event.text);
  return texts;
}

TEST(a_server_that_failed_is_tried_by_one_connection_at_a_time) {
  FakeServer a;
  TestPlane plane({&a}, impatient());
  TestClient first = plane.connect();
  a.greet_with("-");
  first.ask("SET x 1");
  if (!eventually([&] { return plane.sum(&WorkerCounters::links_lost) == 1; })) CHECK(false);
  // RESP3, and two large requests: each wants a connection of its own.
  TestClient second = plane.connect();
  CHECK(second.call("HELLO 3").starts_with("%"));
  second.ask("SET y 1");
  TestClient third = plane.connect();
  TestClient fourth = plane.connect();
  const std::string half = "*3\r\n$3\r\nSET\r\n$1\r\nz\r\n$2000000\r\nv";
  third.send(half);
  fourth.send(half);
  std::uint64_t most = 0;
  const auto tried = [&] {
    most = std::max(most, plane.sum(&WorkerCounters::links));
    return plane.sum(&WorkerCounters::links_lost) >= 4;
  };
  if (!eventually(tried)) CHECK(false);
  CHECK_EQ(most, 1U);
  a.greet_with("");
  a.answer_with([](const Call& call) {
    return std::optional<std::string>(call.arg(0) == "EXISTS" ? ":0\r\n" : "+OK\r\n");
  });
  CHECK_EQ(first.reply(), "+OK\r\n");
  CHECK_EQ(second.reply(), "+OK\r\n");
  plane.await(&WorkerCounters::links, 4);
}

TEST(the_control_plane_is_told_of_each_state) {
  FakeServer a;
  TestPlane plane({&a}, impatient());
  TestClient client = plane.connect();
  a.answer_with([](const Call&) { return std::optional(bulk("1")); });
  CHECK_EQ(client.call("GET x"), bulk("1"));
  CHECK(states(plane).empty());
  a.refuse(true);
  a.close_connections();
  client.ask("GET x");
  if (!eventually([&] { return plane.sum(&WorkerCounters::links_lost) >= 3; })) CHECK(false);
  const auto failed = states(plane);
  CHECK(failed.size() >= 4);
  for (std::size_t i = 0; i < failed.size(); ++i)
    CHECK_EQ(failed[i], i % 2 == 0 ? "open" : "half_open");
  a.refuse(false);
  CHECK_EQ(client.reply(), bulk("1"));
  std::vector<std::string> seen;
  CHECK(eventually([&] {
    for (const std::string& state : states(plane)) seen.push_back(state);
    return !seen.empty() && seen.back() == "closed";
  }));
}

TEST(a_connection_that_is_left_keeps_the_circuit_closed) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  CHECK(other.call("HELLO 3").starts_with("%"));
  client.ask("GET x");
  const Call over_one = a.take();
  other.ask("GET x");
  const Call over_another = a.take();
  CHECK(over_one.connection != over_another.connection);
  a.close_connection(over_one.connection);
  a.reply(over_another, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
  a.serve("GET x", bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK(states(plane).empty());
}

}  // namespace
}  // namespace slotgate::test
