// The life of links: handshake, loss, what is sent again and what is not.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

struct OneServer {
  explicit OneServer(PlaneSetup setup = {}) : plane({&a}, std::move(setup)) {}

  FakeServer a;
  TestPlane plane;
  TestClient client = plane.connect();
  TestClient other = plane.connect();
};

std::string unknown_outcome(const FakeServer& server, const std::string& key) {
  return "-OUTCOMEUNKNOWN outcome unknown: connection to " + server.endpoint() + " (slot " +
         std::to_string(slot_of(key)) + ") was lost after the command was sent\r\n";
}

TEST(a_lost_link_repeats_reads_once_and_never_writes) {
  OneServer one;
  one.client.send(request("GET x") + request("SET x 1") + request("GET y"));
  for (int i = 0; i < 3; ++i) (void)one.a.take();
  one.a.close_connections();
  one.a.serve("GET x", bulk("0"));
  const Call again = one.a.take();
  CHECK_EQ(again.text(), "GET y");
  CHECK_EQ(one.client.reply(), bulk("0"));
  CHECK_EQ(one.client.reply(), unknown_outcome(one.a, "x"));
  one.a.close_connections();
  CHECK_EQ(one.client.reply(), unknown_outcome(one.a, "y"));
  CHECK_EQ(one.plane.sum(&WorkerCounters::reads_repeated), 2U);
  CHECK_EQ(one.plane.sum(&WorkerCounters::unknown_outcomes), 2U);
}

TEST(what_was_not_sent_yet_is_sent_over_the_next_link) {
  OneServer one;
  one.a.greet_with("-");
  one.client.send(request("SET x 1") + request("GET x"));
  if (!eventually([&] { return one.a.handshakes().size() == 1; })) CHECK(false);
  one.a.greet_with("");
  one.a.close_connections();
  one.a.serve("SET x 1", "+OK\r\n");
  one.a.serve("GET x", bulk("1"));
  CHECK_EQ(one.client.reply(), "+OK\r\n");
  CHECK_EQ(one.client.reply(), bulk("1"));
  CHECK_EQ(one.plane.sum(&WorkerCounters::unknown_outcomes), 0U);
}

TEST(a_server_that_refuses_connections_is_waited_for) {
  OneServer one;
  one.a.refuse(true);
  one.client.ask("SET x 1");
  if (!eventually([&] { return one.plane.sum(&WorkerCounters::links_lost) >= 2; })) CHECK(false);
  one.a.refuse(false);
  one.a.serve("SET x 1", "+OK\r\n");
  CHECK_EQ(one.client.reply(), "+OK\r\n");
}

TEST(a_silent_handshake_times_out) {
  PlaneSetup setup;
  setup.settings.limits.connect_timeout_ms = 100;
  setup.settings.limits.hold_timeout_ms = 500;
  OneServer one(setup);
  one.a.greet_with("-");
  const std::string reply = one.client.call("SET x 1");
  CHECK_EQ(reply, "-CLUSTERDOWN no connection to " + one.a.endpoint() + " (slot " +
                      std::to_string(slot_of("x")) + "): the handshake timed out\r\n");
}

TEST(the_words_of_a_refused_handshake_reach_client_and_control_plane) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 200;
  OneServer one(setup);
  one.a.greet_with("-WRONGPASS invalid\r\n");
  CHECK_EQ(one.client.call("GET x"), "-WRONGPASS invalid\r\n");
  const auto events = one.plane.take_events(PlaneEvent::Kind::kHandshakeRefused);
  CHECK(!events.empty() && events[0].text == "-WRONGPASS invalid");
}

TEST(a_user_that_is_not_let_in_keeps_nobody_else_waiting) {
  PlaneSetup setup;
  setup.settings.users.resize(2);
  OneServer one(setup);
  one.client.ask("GET x");
  one.a.serve("GET x", bulk("1"));
  CHECK_EQ(one.client.reply(), bulk("1"));
  one.plane.log_in("AUTH alice secret", one.other, 1);
  one.a.greet_with("-WRONGPASS invalid\r\n");
  one.other.ask("SET x 2");
  std::vector<PlaneEvent> events;
  if (!eventually([&] {
        events = one.plane.take_events(PlaneEvent::Kind::kHandshakeRefused);
        return !events.empty();
      }))
    CHECK(false);
  CHECK_EQ(events.at(0).user, 1U);
  // On the same slot, and over a connection that has to be opened first.
  one.client.ask("GET x");
  one.a.serve("GET x", bulk("1"));
  CHECK_EQ(one.client.reply(), bulk("1"));
  one.a.close_connection(0);
  one.client.ask("GET x");
  one.a.greet_with("");
  const Call first = one.a.take();
  const Call second = one.a.take();
  for (const Call& call : {first, second}) {
    one.a.reply(call, call.text() == "GET x" ? bulk("1") : "+OK\r\n");
  }
  CHECK_EQ(one.client.reply(), bulk("1"));
  CHECK_EQ(one.other.reply(), "+OK\r\n");
}

TEST(a_server_that_lets_nobody_in_for_a_while_is_waited_for) {
  OneServer one;
  one.a.greet_with("-ERR max number of clients reached\r\n");
  one.client.ask("SET x 1");
  if (!eventually([&] { return one.plane.sum(&WorkerCounters::links_lost) >= 2; })) CHECK(false);
  one.a.greet_with("");
  one.a.serve("SET x 1", "+OK\r\n");
  CHECK_EQ(one.client.reply(), "+OK\r\n");
}

TEST(nothing_is_sent_to_another_node_at_the_address) {
  OneServer one;
  one.a.pretend_to_be("ffffffffffffffffffffffffffffffffffffffff");
  one.client.ask("SET x 1");
  if (!eventually([&] { return !one.plane.take_events(PlaneEvent::Kind::kWrongNode).empty(); }))
    CHECK(false);
  CHECK(one.a.stays_quiet());
  one.a.pretend_to_be(one.a.node_id());
  one.a.serve("SET x 1", "+OK\r\n");
  CHECK_EQ(one.client.reply(), "+OK\r\n");
}

TEST(half_a_streamed_reply_closes_its_client_and_no_other) {
  OneServer one;
  one.client.ask("GET big");
  const Call big = one.a.take();
  one.other.ask("GET x");
  (void)one.a.take();
  one.a.send_to(big.connection, "$300000\r\n" + std::string(200000, 'x'));
  if (!eventually([&] { return one.plane.sum(&WorkerCounters::streamed_replies) == 1; }))
    CHECK(false);
  one.a.close_connections();
  one.plane.await(&WorkerCounters::clients, 1);
  one.a.serve("GET x", bulk("1"));
  CHECK_EQ(one.other.reply(), bulk("1"));
}

TEST(half_a_small_reply_is_as_none) {
  OneServer one;
  one.client.ask("GET x");
  const Call call = one.a.take();
  one.a.send_to(call.connection, "$10\r\n01234");
  one.a.close_connections();
  one.a.serve("GET x", bulk("0123456789"));
  CHECK_EQ(one.client.reply(), bulk("0123456789"));
}

TEST(what_is_not_resp_ends_the_link) {
  for (const char* const garbage : {"hello\r\n", "$-2\r\n", "*99999999999999999999\r\n"}) {
    OneServer one;
    one.client.ask("GET x");
    one.a.reply(one.a.take(), garbage);
    one.a.serve("GET x", bulk("1"));
    CHECK_EQ(one.client.reply(), bulk("1"));
  }
}

TEST(a_read_that_is_answered_with_what_is_not_resp_is_repeated_once) {
  OneServer one;
  one.client.ask("GET x");
  for (int i = 0; i < 2; ++i) one.a.reply(one.a.take(), "what?\r\n");
  CHECK_EQ(one.client.reply(), unknown_outcome(one.a, "x"));
  CHECK(one.a.stays_quiet());
}

TEST(a_reply_that_nobody_asked_for_ends_the_link) {
  OneServer one;
  one.client.ask("GET x");
  one.a.serve("GET x", bulk("1") + bulk("2"));
  CHECK_EQ(one.client.reply(), bulk("1"));
  one.plane.await(&WorkerCounters::links_lost, 1);
  one.client.ask("GET x");
  one.a.serve("GET x", bulk("3"));
  CHECK_EQ(one.client.reply(), bulk("3"));
}

TEST(pushes_answer_nothing_and_attributes_stay_with_their_reply) {
  OneServer one;
  one.client.send(request("GET x") + request("GET y"));
  const std::string push = ">2\r\n+invalidate\r\n*1\r\n$1\r\nx\r\n";
  const std::string attributed = "|1\r\n+ttl\r\n:5\r\n" + bulk("1");
  one.a.serve("GET x", push + attributed);
  one.a.serve("GET y", push + bulk("2") + push);
  CHECK_EQ(one.client.reply(), attributed);
  CHECK_EQ(one.client.reply(), bulk("2"));
  one.plane.await(&WorkerCounters::pushes, 3);
  CHECK_EQ(one.plane.sum(&WorkerCounters::links_lost), 0U);
}

}  // namespace
}  // namespace slotgate::test
