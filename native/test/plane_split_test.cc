// Requests over several slots: split, sent to all owners at once, joined; and what is said when a
// part fails.
#include <map>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// A key on each of two servers, and a second one on the first.
struct TwoServers {
  FakeServer a;
  FakeServer b;
  TestPlane plane{{&a, &b}};
  TestClient client = plane.connect();
  std::string on_a = plane.key_of(0);
  std::string also_on_a = plane.key_of(0, 1);
  std::string on_b = plane.key_of(1);
};

TEST(mget_comes_back_in_the_callers_order) {
  TwoServers two;
  const auto values = [](const Call& call) {
    std::vector<std::string> all;
    for (std::size_t i = 1; i < call.args.size(); ++i) all.push_back("v-" + call.args[i]);
    return array(all);
  };
  two.a.answer_with(values);
  two.b.answer_with(values);
  std::string line = "MGET";
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i * 7 % 60);
    line += " " + key;
    expected.push_back("v-" + key);
  }
  CHECK_EQ(two.client.call(line), array(expected));
}

TEST(parts_go_out_at_once_and_the_join_waits_for_all) {
  TwoServers two;
  two.client.send(request("MSET " + two.on_a + " 1 " + two.on_b + " 2") + request("PING"));
  const Call first = two.a.take();
  const Call second = two.b.take();
  CHECK_EQ(first.text(), "MSET " + two.on_a + " 1");
  CHECK_EQ(second.text(), "MSET " + two.on_b + " 2");
  two.b.reply(second, "+OK\r\n");
  CHECK(two.client.hears_nothing());
  two.a.reply(first, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+PONG\r\n");
}

TEST(sums_are_exact_and_never_partial) {
  TwoServers two;
  const std::string del = "DEL " + two.on_a + " " + two.on_b;
  two.client.ask(del);
  two.a.serve("DEL " + two.on_a, ":9223372036854775800\r\n");
  two.b.serve("DEL " + two.on_b, ":7\r\n");
  CHECK_EQ(two.client.reply(), ":9223372036854775807\r\n");
  for (const char* const strange : {":9223372036854775807\r\n", "+OK\r\n", "$1\r\n1\r\n"}) {
    two.client.ask(del);
    two.a.serve("DEL " + two.on_a, strange);
    two.b.serve("DEL " + two.on_b, ":7\r\n");
    CHECK(two.client.reply().starts_with("-ERR "));
  }
}

TEST(an_array_of_the_wrong_length_is_an_error_even_if_the_total_is_right) {
  TwoServers two;
  two.client.ask("MGET " + two.on_a + " " + two.also_on_a + " " + two.on_b);
  two.a.serve("MGET " + two.on_a, array({"1", "2"}));
  two.a.serve("MGET " + two.also_on_a, array({}));
  two.b.serve("MGET " + two.on_b, array({"3"}));
  CHECK(two.client.reply().starts_with("-ERR "));
  CHECK_EQ(two.client.call("PING"), "+PONG\r\n");
}

/// What the client is told when the part of `a` is answered with `error` and b's with `other`.
std::string told(TwoServers& two, const std::string& line, const std::string& error,
                 const std::string& other) {
  two.client.ask(line);
  two.a.reply(two.a.take(), error);
  two.b.reply(two.b.take(), other);
  return two.client.reply();
}

TEST(a_failed_part_is_told_with_its_slot) {
  TwoServers two;
  const std::string slot = std::to_string(slot_of(two.on_a));
  const std::string mget = "MGET " + two.on_a + " " + two.on_b;
  const std::string mset = "MSET " + two.on_a + " 1 " + two.on_b + " 2";
  CHECK_EQ(told(two, mget, "-NOPERM no\r\n", array({"x"})), "-NOPERM no (slot " + slot + ")\r\n");
  CHECK_EQ(told(two, mset, "-OOM full\r\n", "+OK\r\n"),
           "-OOM full (slot " + slot + "; 1 of 2 parts failed, others were applied)\r\n");
  CHECK_EQ(told(two, mset, "-OOM full\r\n", "-OOM full\r\n"), "-OOM full (slot " + slot + ")\r\n");
}

TEST(a_lost_part_of_a_write_makes_the_whole_outcome_unknown) {
  TwoServers two;
  two.client.ask("MSET " + two.on_a + " 1 " + two.on_b + " 2");
  (void)two.a.take();
  two.b.serve("MSET " + two.on_b + " 2", "-OOM full\r\n");
  two.a.close_connections();
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN outcome unknown: connection to " +
                                       two.a.endpoint()));
}

TEST(words_that_libraries_retry_are_not_first_when_a_part_was_applied) {
  FakeServer a;
  FakeServer b;
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 200;
  TestPlane plane({&a, &b}, setup);
  a.answer_with([](const Call&) { return "-CLUSTERDOWN The cluster is down\r\n"; });
  b.answer_with([](const Call&) { return "+OK\r\n"; });
  TestClient client = plane.connect();
  const std::string slot = std::to_string(slot_of(plane.key_of(0)));
  CHECK_EQ(client.call("MSET " + plane.key_of(0) + " 1 " + plane.key_of(1) + " 2"),
           "-ERR partly applied: slot " + slot + ": CLUSTERDOWN The cluster is down\r\n");
}

TEST(a_client_that_leaves_while_parts_are_held_and_in_flight_leaves_nothing_behind) {
  TwoServers two;
  two.plane.assign(slot_of(two.on_a), RouteSnapshot::kNobody);
  two.plane.publish();
  for (const bool reset : {false, true}) {
    TestClient leaves = two.plane.connect();
    leaves.ask("MSET " + two.on_a + " 1 " + two.on_b + " 2");
    const Call part = two.b.take();
    two.plane.await(&WorkerCounters::held_now, 1);
    leaves.leave(reset);
    two.plane.await(&WorkerCounters::held_now, 0);
    two.plane.await(&WorkerCounters::held_bytes_now, 0);
    two.b.reply(part, "+OK\r\n");
  }
  two.plane.assign(slot_of(two.on_a), 0);
  two.plane.publish();
  CHECK(two.a.stays_quiet());
  two.client.ask("GET " + two.on_a);
  two.a.serve("GET " + two.on_a, bulk("0"));
  CHECK_EQ(two.client.reply(), bulk("0"));
}

TEST(a_split_that_is_told_tryagain_goes_on_key_by_key) {
  TwoServers two;
  const std::string tag = "{" + two.on_a + "}";
  two.client.ask("MGET " + tag + "1 " + two.on_b + " " + tag + "2");
  two.b.serve("MGET " + two.on_b, array({"b"}));
  two.a.serve("MGET " + tag + "1 " + tag + "2",
              "-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
  two.a.serve("MGET " + tag + "1", array({"one"}));
  two.a.serve("MGET " + tag + "2", ask_at(two.on_a, two.b));
  const Call moved_key = two.b.take();
  CHECK(moved_key.asking);
  two.b.reply(moved_key, array({"two"}));
  CHECK_EQ(two.client.reply(), array({"one", "b", "two"}));
}

TEST(a_single_slot_del_that_is_told_tryagain_is_summed_up) {
  TwoServers two;
  const std::string tag = "{" + two.on_a + "}";
  two.client.ask("DEL " + tag + "1 " + tag + "2");
  two.a.serve("DEL " + tag + "1 " + tag + "2", "-TRYAGAIN wait\r\n");
  two.a.serve("DEL " + tag + "1", ":1\r\n");
  two.a.serve("DEL " + tag + "2", ":1\r\n");
  CHECK_EQ(two.client.reply(), ":2\r\n");
}

}  // namespace
}  // namespace slotgate::test
