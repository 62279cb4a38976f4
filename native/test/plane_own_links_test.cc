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

TEST(an_own_link_that_is_lost_under_a_large_request_executed_nothing) {
  Bound it;
  it.bind();
  const int own = it.write();
  const std::string large = multibulk({"SET", it.key, std::string(3U * 1024 * 1024, 'v')});
  it.client.send(std::string_view(large).substr(0, large.size() / 2));
  it.a.reply(it.a.take(), ":1\r\n");
  it.plane.await(&WorkerCounters::streamed_requests, 1);
  it.a.close_connection(own);
  CHECK(it.client.reply().starts_with("-TRYAGAIN "));
  it.client.send(std::string_view(large).substr(large.size() / 2));
  it.client.ask(it.set);
  it.serve_set(Bound::opened(it.a));
}

TEST(a_client_that_leaves_in_a_large_request_takes_its_own_link_along) {
  for (const bool reset : {false, true}) {
    Bound it;
    const TestClient other = it.plane.connect_served();
    it.bind();
    (void)it.write();
    const std::uint64_t links = it.plane.sum(&WorkerCounters::links);
    const std::string large = multibulk({"SET", it.key, std::string(3U * 1024 * 1024, 'v')});
    it.client.send(std::string_view(large).substr(0, large.size() / 2));
    it.a.reply(it.a.take(), ":1\r\n");
    it.client.leave(reset);
    it.plane.await(&WorkerCounters::clients, 1);
    it.plane.await(&WorkerCounters::links, links - 1);
    CHECK(it.a.stays_quiet());
  }
}

TEST(what_was_written_over_shared_links_is_told_apart_until_it_is_counted_anew) {
  Bound it;
  it.client.ask(it.set);
  it.serve_set(0);
  ControlRequest asked = it.ask();
  CHECK(asked.wrote_elsewhere);
  it.answer(asked);
  it.bind();
  asked = it.ask();
  CHECK(asked.wrote_elsewhere);
  CHECK(asked.own_written.empty());
  ControlAnswer anew;
  anew.change = ClientChange::kCountsWritesAnew;
  it.answer(asked, anew);
  (void)it.write();
  asked = it.ask();
  CHECK(!asked.wrote_elsewhere);
  CHECK(asked.own_written == std::vector<std::string>{it.a.node_id()});
  it.answer(asked, anew);
  asked = it.ask();
  CHECK(asked.own_written.empty());
  CHECK(asked.written == std::vector<std::string>{it.a.node_id()});
  it.answer(asked);
}

TEST(what_was_written_over_a_link_that_is_lost_is_not_the_clients_own_any_more) {
  Bound it;
  it.bind();
  const int own = it.write();
  const std::uint64_t lost = it.plane.sum(&WorkerCounters::links_lost);
  it.a.close_connection(own);
  it.plane.await(&WorkerCounters::links_lost, lost + 1);
  const ControlRequest asked = it.ask();
  CHECK(asked.wrote_elsewhere);
  CHECK(asked.own_written.empty());
  CHECK(asked.written == std::vector<std::string>{it.a.node_id()});
  it.answer(asked);
}

TEST(what_was_written_to_a_server_that_lost_all_slots_is_not_the_clients_own_any_more) {
  Bound it;
  it.bind();
  (void)it.write();
  for (std::uint16_t slot = 0; slot < kSlotCount; ++slot) it.plane.assign(slot, 1);
  it.plane.publish();
  const ControlRequest asked = it.ask();
  CHECK(asked.wrote_elsewhere);
  CHECK(asked.own_written.empty());
  it.answer(asked);
}

TEST(another_protocol_takes_the_clients_own_links_and_what_was_written_over_them) {
  Bound it;
  it.bind();
  const int own = it.write();
  ControlAnswer speaks;
  speaks.protocol = 3;
  it.answer(it.ask(), speaks);
  const ControlRequest asked = it.ask();
  CHECK(asked.wrote_elsewhere);
  it.answer(asked);
  CHECK(it.write() != own);
}

TEST(a_reset_gives_the_links_back_and_forgets_no_write) {
  Bound it;
  it.bind();
  (void)it.write();
  const std::uint64_t links = it.plane.sum(&WorkerCounters::links);
  ControlAnswer reset;
  reset.change = ClientChange::kReset;
  it.answer(it.ask(), reset);
  it.plane.await(&WorkerCounters::links, links - 1);
  const ControlRequest asked = it.ask();
  CHECK(asked.connection_state.empty());
  CHECK(asked.wrote_elsewhere);
  CHECK(asked.written == std::vector<std::string>{it.a.node_id()});
  it.answer(asked);
}

TEST(an_errand_that_writes_goes_over_the_clients_own_link_and_counts) {
  Bound it;
  it.bind();
  ControlRequest asked = it.ask();
  const std::uint64_t reads = it.plane.send(asked, it.a, "DBSIZE");
  it.a.serve("DBSIZE", ":0\r\n");
  CHECK_EQ(it.plane.outcome(reads).text, ":0\r\n");
  it.answer(asked);
  asked = it.ask();
  CHECK(asked.written.empty());
  ErrandOrder order;
  order.writes = true;
  const std::uint64_t writes = it.plane.send(asked, it.a, "FLUSHALL", order);
  const int own = Bound::opened(it.a);
  const Call flush = it.a.take();
  CHECK_EQ(flush.connection, own);
  it.a.reply(flush, "+OK\r\n");
  CHECK_EQ(it.plane.outcome(writes).text, "+OK\r\n");
  it.answer(asked);
  asked = it.ask();
  CHECK(asked.own_written == std::vector<std::string>{it.a.node_id()});
  it.answer(asked);
  it.client.ask(it.set);
  it.serve_set(own);
}

TEST(a_write_that_was_refused_is_not_repeated_behind_a_younger_one_that_tried_its_slot) {
  Bound it;
  it.bind();
  (void)it.write();
  TestClient other = it.plane.connect();
  const std::string down = "-CLUSTERDOWN The cluster is down\r\n";
  it.client.ask(it.set);
  const Call first = it.a.take();
  // Another client learns that the slot is down, over another link: it is tried now and then.
  other.ask("GET " + it.key);
  it.a.reply(it.a.take(), down);
  const Call tried = it.a.take();
  it.client.ask(it.set);
  it.plane.await(&WorkerCounters::held_now, 1);
  other.leave(true);
  it.plane.await(&WorkerCounters::clients, 1);
  it.a.reply(tried, down);
  // Now it is tried with the younger write, while the older one is refused.
  const Call second = it.a.take();
  CHECK_EQ(second.connection, first.connection);
  it.a.reply(first, ask_at(it.key, it.b));
  it.a.reply(second, "+OK\r\n");
  CHECK(it.client.reply().starts_with("-TRYAGAIN "));
  CHECK_EQ(it.client.reply(), "+OK\r\n");
  CHECK(it.b.stays_quiet());
}

}  // namespace
}  // namespace slotgate::test
