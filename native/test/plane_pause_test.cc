// CLIENT PAUSE: what waits, in which order it goes on, and what becomes of clients that leave.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr std::uint64_t kLong = 1000000;

void pause(TestPlane& plane, bool all, std::uint64_t duration_ms = kLong) {
  plane.on_workers([&](Worker& worker) { worker.pause_clients(1, 1, duration_ms, all); });
}

void unpause(TestPlane& plane) {
  plane.on_workers([](Worker& worker) { worker.unpause_clients(2, 1); });
}

TEST(paused_requests_are_taken_in_order_when_the_pause_is_over) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(plane.connect_served());
  pause(plane, true);
  for (TestClient& client : clients) {
    client.send(request("GET x1") + request("PING") + request("SET x2 1"));
  }
  for (TestClient& client : clients) CHECK(client.hears_nothing());
  unpause(plane);
  for (TestClient& client : clients) {
    CHECK_EQ(client.reply(), bulk("x1"));
    CHECK_EQ(client.reply(), "+PONG\r\n");
    CHECK_EQ(client.reply(), bulk("x2"));
  }
}

TEST(a_pause_ends_by_itself) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  pause(plane, true, 40);
  client.ask("GET x");
  CHECK_EQ(client.reply(), bulk("1"));
}

TEST(a_pause_of_writes_lets_reads_through_and_keeps_each_clients_order) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  TestPlane plane({&a});
  TestClient reader = plane.connect();
  TestClient writer = plane.connect();
  pause(plane, false);
  writer.send(request("GET x1") + request("SET x2 1") + request("GET x3"));
  CHECK_EQ(writer.reply(), bulk("x1"));
  CHECK_EQ(reader.call("GET x4"), bulk("x4"));
  CHECK(writer.hears_nothing());
  unpause(plane);
  CHECK_EQ(writer.reply(), bulk("x2"));
  CHECK_EQ(writer.reply(), bulk("x3"));
}

TEST(a_second_pause_makes_the_first_neither_shorter_nor_weaker) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  pause(plane, true);
  pause(plane, false, 1);
  client.ask("GET x");
  CHECK(client.hears_nothing());
  unpause(plane);
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK_EQ(client.call("SET x 1"), bulk("1"));
}

TEST(errors_of_form_are_told_at_once) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  pause(plane, true);
  CHECK_EQ(client.call("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
  client.ask("NOSUCH");
  CHECK_EQ(plane.take_control().row, -1);
}

TEST(what_a_paused_client_sent_is_forgotten_when_it_leaves) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.ask("GET before");
  const Call before = a.take();
  pause(plane, true);
  client.ask("SET x 1");
  client.finish();
  plane.await(&WorkerCounters::clients, 1);
  a.reply(before, bulk("0"));
  CHECK_EQ(client.reply(), bulk("0"));
  CHECK(client.is_closed());
  unpause(plane);
  CHECK(a.stays_quiet());
}

TEST(a_large_request_that_would_be_forwarded_waits_too) {
  FakeServer a;
  a.answer_with(
      [](const Call& call) { return call.arg(0) == "EXISTS" ? ":1\r\n" : std::string("+OK\r\n"); });
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  pause(plane, false);
  const std::string value(2 * 1024 * 1024, 'v');
  const std::string large = "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n" + bulk(value);
  const std::size_t sent = client.send_some(large);
  CHECK(client.hears_nothing());
  CHECK_EQ(plane.sum(&WorkerCounters::streamed_requests), 0U);
  unpause(plane);
  client.send(large.substr(sent));
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::streamed_requests), 1U);
}

TEST(a_paused_client_is_not_read_without_end) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  pause(plane, true);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += request("SET x " + std::string(1000, 'v'));
  const std::size_t sent = client.send_some(many);
  CHECK(sent < many.size());
  unpause(plane);
  for (int i = 0; i < 1000; ++i) CHECK_EQ(client.reply(), bulk("1"));
}

}  // namespace
}  // namespace slotgate::test
