// WATCH: on a private link, which the client keeps until its transaction is over.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

const std::string kNil = "*-1\r\n";

struct Watching {
  explicit Watching(PlaneSetup setup = {}) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);
  std::string set = "SET " + key + " 1";

  /// `who` watches the key at `server`. Returns the connection on which it does.
  int watch(TestClient& who, FakeServer& server) {
    who.ask("WATCH " + key);
    const ControlRequest asked = plane.take_control();
    CHECK_EQ(asked.slot, slot_of(key));
    ErrandOrder order;
    order.lease = order.keep = true;
    const std::uint64_t ticket = plane.send(asked, server, "WATCH " + key, order);
    const Call call = server.take();
    CHECK_EQ(call.text(), "WATCH " + key);
    server.reply(call, "+OK\r\n");
    CHECK_EQ(plane.outcome(ticket).text, "+OK\r\n");
    ControlAnswer given;
    given.reply = "+OK\r\n";
    given.watch_slot = slot_of(key);
    plane.answer(asked, given);
    CHECK_EQ(who.reply(), "+OK\r\n");
    return call.connection;
  }
  int watch() { return watch(client, a); }

  void gather(const std::string& command) {
    CHECK_EQ(client.call("MULTI"), "+OK\r\n");
    CHECK_EQ(client.call(command), "+QUEUED\r\n");
  }
  void gather() { gather(set); }

  /// Takes the block at `a`, which must come over `connection`.
  std::vector<Call> take_block(int connection, const std::string& command) {
    std::vector<Call> calls;
    for (const std::string& expected : {std::string("MULTI"), command, std::string("EXEC")}) {
      calls.push_back(a.take());
      CHECK_EQ(calls.back().text(), expected);
      CHECK_EQ(calls.back().connection, connection);
    }
    return calls;
  }
  /// Answers the block that comes over `connection`.
  void serve_block(int connection, const std::string& queued, const std::string& result) {
    const std::vector<Call> calls = take_block(connection, set);
    a.reply(calls[0], "+OK\r\n");
    a.reply(calls[1], queued);
    a.reply(calls[2], result);
  }
  void unwatched(FakeServer& server, int connection) {
    const Call call = server.take();
    CHECK_EQ(call.text(), "UNWATCH");
    CHECK_EQ(call.connection, connection);
    server.reply(call, "+OK\r\n");
  }
};

TEST(a_watched_transaction_goes_over_the_link_that_watches) {
  Watching it;
  it.client.ask("GET " + it.key);
  const Call shared = it.a.take();
  it.a.reply(shared, bulk("0"));
  CHECK_EQ(it.client.reply(), bulk("0"));
  const int connection = it.watch();
  CHECK(connection != shared.connection);
  it.gather();
  it.client.ask("EXEC");
  it.serve_block(connection, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(it.client.reply(), "*1\r\n+OK\r\n");
  it.unwatched(it.a, connection);
  it.client.ask("GET " + it.key);
  const Call behind = it.a.take();
  CHECK_EQ(behind.connection, shared.connection);
  it.a.reply(behind, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
}

TEST(a_link_that_watched_is_lent_to_the_next_client_when_it_watches_no_more) {
  Watching it;
  const int connection = it.watch();
  CHECK_EQ(it.client.call("UNWATCH"), "+OK\r\n");
  it.unwatched(it.a, connection);
  TestClient other = it.plane.connect();
  CHECK_EQ(it.watch(other, it.a), connection);
}

TEST(a_watched_key_that_changed_is_answered_as_the_server_does) {
  Watching it;
  const int connection = it.watch();
  it.gather();
  it.client.ask("EXEC");
  it.serve_block(connection, "+QUEUED\r\n", kNil);
  CHECK_EQ(it.client.reply(), kNil);
}

TEST(a_watch_whose_slot_moved_is_broken) {
  Watching it;
  const int connection = it.watch();
  it.gather();
  it.client.ask("EXEC");
  it.serve_block(connection, moved(it.key, it.b),
                 "-EXECABORT Transaction discarded because of previous errors.\r\n");
  CHECK_EQ(it.client.reply(), kNil);
  it.unwatched(it.a, connection);
  CHECK(it.b.stays_quiet());
}

TEST(a_watch_is_broken_by_the_loss_of_its_link) {
  Watching it;
  const int connection = it.watch();
  it.gather();
  it.a.close_connection(connection);
  it.plane.await(&WorkerCounters::links, 0);
  it.client.ask("EXEC");
  CHECK_EQ(it.client.reply(), kNil);
  CHECK(it.a.stays_quiet());
  it.client.ask("GET " + it.key);
  it.a.serve("GET " + it.key, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
}

TEST(a_watched_write_that_was_sent_is_of_unknown_outcome_when_its_link_is_lost) {
  Watching it;
  const int connection = it.watch();
  it.gather();
  it.client.ask("EXEC");
  (void)it.take_block(connection, it.set);
  it.a.close_connection(connection);
  CHECK(it.client.reply().starts_with("-OUTCOMEUNKNOWN outcome unknown: connection to "));
  CHECK(it.a.stays_quiet());
}

TEST(a_watched_read_is_not_repeated_where_nothing_is_watched) {
  Watching it;
  const int connection = it.watch();
  it.gather("GET " + it.key);
  it.client.ask("EXEC");
  (void)it.take_block(connection, "GET " + it.key);
  it.a.close_connection(connection);
  CHECK_EQ(it.client.reply(), kNil);
  CHECK(it.a.stays_quiet());
}

TEST(watches_at_two_servers_break_each_other) {
  Watching it;
  const int first = it.watch(it.client, it.a);
  (void)it.watch(it.client, it.b);
  // The first link goes back, and must not watch for whoever has it next.
  it.unwatched(it.a, first);
  it.gather();
  CHECK_EQ(it.client.call("EXEC"), kNil);
}

TEST(a_watch_twice_is_one_watch) {
  Watching it;
  const int first = it.watch();
  CHECK_EQ(it.watch(), first);
  it.gather();
  it.client.ask("EXEC");
  it.serve_block(first, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(it.client.reply(), "*1\r\n+OK\r\n");
}

TEST(a_watch_ends_with_discard_and_with_reset) {
  Watching it;
  int connection = it.watch();
  it.gather();
  CHECK_EQ(it.client.call("DISCARD"), "+OK\r\n");
  it.unwatched(it.a, connection);
  connection = it.watch();
  it.client.ask("RESET");
  ControlAnswer given;
  given.reply = "+RESET\r\n";
  given.change = ClientChange::kReset;
  it.plane.answer(it.plane.take_control(), given);
  CHECK_EQ(it.client.reply(), "+RESET\r\n");
  it.unwatched(it.a, connection);
}

TEST(a_transaction_in_another_slot_than_the_watch_is_refused) {
  Watching it;
  const int connection = it.watch();
  it.gather("GET " + it.plane.key_of(0, 1));
  CHECK_EQ(it.client.call("EXEC"),
           "-EXECABORT Transaction discarded because of: CROSSSLOT the watched keys and the keys "
           "of the transaction don't hash to the same slot\r\n");
  it.unwatched(it.a, connection);
}

TEST(another_user_executes_nothing_over_the_link_of_the_former) {
  PlaneSetup setup;
  setup.settings.users.push_back({"alice", "secret", true});
  Watching it(setup);
  const int connection = it.watch();
  it.plane.log_in("AUTH alice secret", it.client, 1);
  it.gather();
  CHECK_EQ(it.client.call("EXEC"), kNil);
  it.unwatched(it.a, connection);
  CHECK(it.watch() != connection);
}

TEST(another_protocol_executes_nothing_over_the_link_of_the_former) {
  Watching it;
  const int connection = it.watch();
  it.client.ask("INFO");
  ControlAnswer given;
  given.reply = "+OK\r\n";
  given.protocol = 3;
  it.plane.answer(it.plane.take_control(), given);
  CHECK_EQ(it.client.reply(), "+OK\r\n");
  it.gather();
  CHECK_EQ(it.client.call("EXEC"), "_\r\n");
  it.unwatched(it.a, connection);
}

TEST(everything_sent_before_is_answered_before_a_watched_transaction_starts) {
  Watching it;
  const int connection = it.watch();
  it.client.send(request("GET " + it.key) + request("MULTI") + request(it.set) + request("EXEC") +
                 request("GET " + it.key));
  const Call before = it.a.take();
  CHECK_EQ(before.text(), "GET " + it.key);
  CHECK(it.a.stays_quiet());
  it.a.reply(before, bulk("0"));
  const std::vector<Call> calls = it.take_block(connection, it.set);
  CHECK(it.a.stays_quiet());
  it.a.reply(calls[0], "+OK\r\n");
  it.a.reply(calls[1], "+QUEUED\r\n");
  it.a.reply(calls[2], "*1\r\n+OK\r\n");
  Call next = it.a.take();
  for (int i = 0; i < 2; ++i) {
    if (next.text() == "UNWATCH") it.a.reply(next, "+OK\r\n");
    if (next.text() == "GET " + it.key) it.a.reply(next, bulk("1"));
    if (i == 0) next = it.a.take();
  }
  CHECK_EQ(it.client.reply(), bulk("0"));
  CHECK_EQ(it.client.reply(), "+OK\r\n");
  CHECK_EQ(it.client.reply(), "+QUEUED\r\n");
  CHECK_EQ(it.client.reply(), "*1\r\n+OK\r\n");
  CHECK_EQ(it.client.reply(), bulk("1"));
}

TEST(the_link_of_a_watcher_that_leaves_is_closed) {
  Watching it;
  (void)it.watch();
  it.gather();
  CHECK_EQ(it.plane.sum(&WorkerCounters::links), 1U);
  it.client.leave(true);
  it.plane.await(&WorkerCounters::links, 0);
  CHECK(it.a.stays_quiet());
}

TEST(a_watcher_that_leaves_while_exec_is_on_its_way_disturbs_nobody) {
  Watching it;
  const int connection = it.watch();
  it.gather();
  it.client.ask("EXEC");
  const std::vector<Call> calls = it.take_block(connection, it.set);
  it.client.leave(true);
  it.plane.await(&WorkerCounters::links, 0);
  it.a.reply(calls[2], "*1\r\n+OK\r\n");
  TestClient other = it.plane.connect();
  other.ask("GET " + it.key);
  it.a.serve("GET " + it.key, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
}

}  // namespace
}  // namespace slotgate::test
