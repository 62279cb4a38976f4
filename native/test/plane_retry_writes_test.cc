// Writes that are sent again after a lost link, and what is said if that fails.
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

PlaneSetup retrying(std::uint32_t hold_ms = 20000) {
  PlaneSetup setup;
  setup.settings.retry_writes = true;
  setup.settings.limits.hold_timeout_ms = hold_ms;
  return setup;
}

/// Two servers of which each write is retried; `x` and `y` belong to `a`, and to different slots.
struct Retrying {
  explicit Retrying(PlaneSetup setup = retrying()) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  std::string x = plane.key_of(0);
  std::string y = plane.key_of(0, 1);

  /// Sends `line`, lets `a` take it and loses the link; with `refusing`, a has no other.
  void lose(const std::string& line, bool refusing = false) {
    client.ask(line);
    CHECK_EQ(a.take().text(), line);
    a.refuse(refusing);
    a.close_connections();
  }
  [[nodiscard]] std::string unknown(const std::string& key, const std::string& error = {}) const {
    return "-OUTCOMEUNKNOWN outcome unknown: connection to " + a.endpoint() + " (slot " +
           std::to_string(slot_of(key)) + ") was lost after the command was sent" +
           (error.empty() ? "" : "; sent again, it got: " + error) + "\r\n";
  }
};

TEST(a_write_that_changes_nothing_more_is_sent_again_once) {
  Retrying two;
  const std::string set = "SET " + two.x + " 1";
  two.lose(set);
  two.a.serve(set, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  two.lose(set);
  CHECK_EQ(two.a.take().text(), set);
  two.a.close_connections();
  CHECK_EQ(two.client.reply(), two.unknown(two.x));
  CHECK(two.a.stays_quiet());
  CHECK_EQ(two.plane.sum(&WorkerCounters::writes_repeated), 2U);
  CHECK_EQ(two.plane.sum(&WorkerCounters::unknown_outcomes), 1U);
}

TEST(only_forms_that_the_table_knows_are_sent_again) {
  Retrying two;
  for (const char* const options : {" EX 10", " px 9 Ex 8"}) {
    const std::string set = "SET " + two.x + " 1" + options;
    two.lose(set);
    two.a.serve(set, "+OK\r\n");
    CHECK_EQ(two.client.reply(), "+OK\r\n");
  }
  for (const std::string& write :
       {"SET " + two.x + " 1 NX", "SET " + two.x + " 1 EX 10 GET", "SET " + two.x + " 1 EXA 1",
        "SET " + two.x + " 1 E 1", "APPEND " + two.x + " 1", "DEL " + two.x}) {
    two.lose(write);
    CHECK_EQ(two.client.reply(), two.unknown(two.x));
  }
  CHECK(two.a.stays_quiet());
  CHECK_EQ(two.plane.sum(&WorkerCounters::writes_repeated), 2U);
}

TEST(a_repetition_that_fails_leaves_the_outcome_unknown) {
  for (const std::string error : {"OOM full", "MOVED 1 127.0.0.1:1", "ERR syntax error"}) {
    Retrying two;
    const std::string set = "SET " + two.x + " 1";
    two.lose(set);
    two.a.serve(set, "-" + error + "\r\n");
    CHECK_EQ(two.client.reply(), two.unknown(two.x, error));
    CHECK_EQ(two.client.call("PING"), "+PONG\r\n");
  }
}

TEST(a_repetition_is_redirected_and_held_like_any_request) {
  Retrying two;
  const std::string set = "SET " + two.x + " 1";
  two.lose(set);
  two.a.serve(set, moved(two.x, two.b));
  two.b.serve(set, "-LOADING soon\r\n");
  two.b.serve(set, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
}

TEST(a_repetition_that_ends_in_a_hold_is_never_said_not_to_be_executed) {
  for (const std::string error : {"CLUSTERDOWN down", "TRYAGAIN later", "LOADING soon"}) {
    Retrying two(retrying(300));
    const std::string set = "SET " + two.x + " 1";
    two.lose(set);
    two.a.answer_with([&](const Call&) { return "-" + error + "\r\n"; });
    CHECK_EQ(two.client.reply(), two.unknown(two.x, error));
  }
  Retrying gone(retrying(300));
  gone.lose("SET " + gone.x + " 1", true);
  const std::string reply = gone.client.reply();
  CHECK(reply.starts_with("-OUTCOMEUNKNOWN "));
  CHECK(reply.find("; sent again, it got: CLUSTERDOWN no connection to ") != std::string::npos);
}

TEST(a_repetition_for_a_client_that_finished_is_not_waited_for) {
  Retrying two;
  two.client.ask("SET " + two.x + " 1");
  (void)two.a.take();
  two.client.finish();
  two.a.refuse(true);
  two.a.close_connections();
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  CHECK(two.client.is_closed());
}

TEST(a_write_is_not_repeated_before_a_younger_one_of_unknown_outcome) {
  Retrying two;
  const std::string first = "SET " + two.x + " 1";
  const std::string elsewhere = "SET " + two.y + " 2";
  const std::string last = "SET " + two.x + " 4";
  two.client.send(request(first) + request("GET " + two.x) + request(elsewhere) +
                  request("APPEND " + two.x + " 3") + request(last));
  for (int i = 0; i < 5; ++i) (void)two.a.take();
  two.a.close_connections();
  two.a.answer_with([&](const Call& call) {
    return call.arg(0) == "GET" ? std::optional(bulk("1")) : std::nullopt;
  });
  // Two slots: in any order.
  const Call one = two.a.take();
  const Call another = two.a.take();
  CHECK(one.text() != another.text());
  for (const Call& call : {one, another}) {
    CHECK(call.text() == elsewhere || call.text() == last);
    two.a.reply(call, "+OK\r\n");
  }
  CHECK_EQ(two.client.reply(), two.unknown(two.x));
  CHECK_EQ(two.client.reply(), bulk("1"));
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), two.unknown(two.x));
  CHECK_EQ(two.client.reply(), "+OK\r\n");
}

TEST(writes_of_several_clients_are_repeated_in_their_order) {
  Retrying two;
  TestClient other = two.plane.connect();
  two.client.ask("SET " + two.x + " 1");
  (void)two.a.take();
  other.ask("SET " + two.x + " 2");
  (void)two.a.take();
  two.a.close_connections();
  two.a.serve("SET " + two.x + " 1", "+OK\r\n");
  two.a.serve("SET " + two.x + " 2", "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(other.reply(), "+OK\r\n");
}

TEST(a_lost_part_of_a_write_is_repeated_alone) {
  Retrying two;
  const std::string on_b = two.plane.key_of(1);
  two.client.ask("MSET " + two.x + " 1 " + on_b + " 2");
  (void)two.a.take();
  two.b.serve("MSET " + on_b + " 2", "+OK\r\n");
  two.a.close_connections();
  two.a.serve("MSET " + two.x + " 1", "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  two.client.ask("MSET " + two.x + " 1 " + on_b + " 2");
  (void)two.a.take();
  two.b.serve("MSET " + on_b + " 2", "+OK\r\n");
  two.a.close_connections();
  two.a.serve("MSET " + two.x + " 1", "-OOM full\r\n");
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
}

TEST(what_is_divided_while_it_is_repeated_is_of_unknown_outcome_too) {
  Retrying two;
  const std::string tag = "{" + two.x + "}";
  const std::string mset = "MSET " + tag + "1 1 " + tag + "2 2";
  for (const bool works : {true, false}) {
    two.lose(mset);
    two.a.serve(mset, "-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
    two.a.serve("MSET " + tag + "1 1", "+OK\r\n");
    two.a.serve("MSET " + tag + "2 2", works ? "+OK\r\n" : "-OOM full\r\n");
    const std::string reply = two.client.reply();
    CHECK(works ? reply == "+OK\r\n" : reply.starts_with("-OUTCOMEUNKNOWN "));
  }
}

TEST(transactions_and_large_requests_are_not_repeated) {
  Retrying two;
  two.client.send(request("MULTI") + request("SET " + two.x + " 1") + request("EXEC"));
  for (const char* const word : {"MULTI", "SET", "EXEC"}) CHECK_EQ(two.a.take().arg(0), word);
  two.a.close_connections();
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+QUEUED\r\n");
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  std::thread sender(
      [&] { two.client.ask("SET " + two.x + " " + std::string(2U * 1024 * 1024, 'v')); });
  two.a.serve("EXISTS " + two.x, ":0\r\n");
  (void)two.a.take();
  sender.join();
  two.a.close_connections();
  CHECK_EQ(two.client.reply(), two.unknown(two.x));
  CHECK_EQ(two.plane.sum(&WorkerCounters::writes_repeated), 0U);
}

TEST(a_repetition_that_waits_goes_with_its_client) {
  Retrying two;
  TestClient other = two.plane.connect_served();
  two.lose("SET " + two.x + " 1", true);
  two.plane.await(&WorkerCounters::held_now, 1);
  two.client.leave();
  two.plane.await(&WorkerCounters::held_now, 0);
  two.a.refuse(false);
  other.ask("GET " + two.x);
  two.a.serve("GET " + two.x, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
}

}  // namespace
}  // namespace slotgate::test
