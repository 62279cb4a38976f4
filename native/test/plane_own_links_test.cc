// Clients that asked something of their connection: all that they send goes over links of their
// own.
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

struct Bound {
  FakeServer a;
  FakeServer b;
  TestPlane plane{{&a, &b}};
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);
  std::string set = "SET " + key + " 1";

  /// Takes a control command of the client up.
  ControlRequest ask() {
    client.ask("INFO");
    return plane.take_control();
  }
  void answer(const ControlRequest& asked, ControlAnswer given = {}) {
    given.reply = "+OK\r\n";
    plane.answer(asked, given);
    CHECK_EQ(client.reply(), "+OK\r\n");
  }
  /// From now on the client's links begin with PING.
  void bind() {
    BoundLinks bound;
    bound.setup = {{"PING"}};
    bound.state = "bound";
    const ControlRequest asked = ask();
    plane.on_workers(
        [&](Worker& worker) { worker.control().bind(asked.client_index, asked.client_id, bound); });
    answer(asked);
  }
  /// Takes the beginning of a new link to `server`. The connection.
  static int opened(FakeServer& server) {
    const Call setup = server.take();
    CHECK_EQ(setup.text(), "PING");
    server.reply(setup, "+PONG\r\n");
    return setup.connection;
  }
  /// Answers the client's SET, which must come over `connection`.
  void serve_set(int connection) {
    const Call call = a.take();
    CHECK_EQ(call.text(), set);
    CHECK_EQ(call.connection, connection);
    a.reply(call, "+OK\r\n");
    CHECK_EQ(client.reply(), "+OK\r\n");
  }
  /// The client writes to `a` over a link of its own, the first one there. The connection.
  int write() {
    client.ask(set);
    const int connection = opened(a);
    serve_set(connection);
    return connection;
  }
};

TEST(the_link_that_watched_stays_the_clients) {
  Bound it;
  it.bind();
  const int own = it.write();
  it.client.ask("WATCH " + it.key);
  const ControlRequest asked = it.plane.take_control();
  ErrandOrder order;
  order.lease = order.keep = true;
  const std::uint64_t ticket = it.plane.send(asked, it.a, "WATCH " + it.key, order);
  const Call watch = it.a.take();
  CHECK_EQ(watch.connection, own);
  it.a.reply(watch, "+OK\r\n");
  CHECK_EQ(it.plane.outcome(ticket).text, "+OK\r\n");
  ControlAnswer given;
  given.watch_slot = slot_of(it.key);
  it.answer(asked, given);
  CHECK_EQ(it.client.call("UNWATCH"), "+OK\r\n");
  const Call unwatch = it.a.take();
  CHECK_EQ(unwatch.connection, own);
  it.a.reply(unwatch, "+OK\r\n");
  it.client.ask(it.set);
  it.serve_set(own);
}

TEST(large_requests_go_over_the_clients_own_links_too) {
  Bound it;
  it.bind();
  const int own = it.write();
  const std::string value(3U * 1024 * 1024, 'v');
  std::thread sender([&] { it.client.send(multibulk({"SET", it.key, value})); });
  const Call probe = it.a.take();
  CHECK_EQ(probe.text(), "EXISTS " + it.key);
  CHECK_EQ(probe.connection, own);
  it.a.reply(probe, ":1\r\n");
  const Call large = it.a.take();
  CHECK_EQ(large.connection, own);
  CHECK(large.arg(2) == value);
  it.a.reply(large, "+OK\r\n");
  sender.join();
  CHECK_EQ(it.client.reply(), "+OK\r\n");
  it.client.ask(it.set);
  it.serve_set(own);
}

TEST(an_own_link_that_breaks_under_a_large_request_is_replaced) {
  Bound it;
  it.bind();
  const int own = it.write();
  const std::string value(3U * 1024 * 1024, 'v');
  std::thread sender([&] { it.client.send(multibulk({"SET", it.key, value})); });
  const Call probe = it.a.take();
  it.a.reply(probe, "-MISCONF no\r\n");
  sender.join();
  CHECK_EQ(it.client.reply(), "-MISCONF no\r\n");
  it.client.ask(it.set);
  const int next = Bound::opened(it.a);
  CHECK(next != own);
  it.serve_set(next);
}

}  // namespace
}  // namespace slotgate::test
