// Commands that the control plane sends to servers as the client that asked, and private links.
#include <future>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

using Kind = ErrandOutcome::Kind;

ErrandOrder leased() {
  ErrandOrder order;
  order.lease = true;
  return order;
}

ErrandOrder blocking() {
  ErrandOrder order = leased();
  order.blocks = true;
  return order;
}

struct OneServer {
  explicit OneServer(PlaneSetup setup = {}) : plane({&a}, std::move(setup)) {}

  FakeServer a;
  TestPlane plane;
  TestClient client = plane.connect();
  TestClient other = plane.connect();

  ControlRequest ask(TestClient& who) {
    who.ask("INFO");
    return plane.take_control();
  }
  /// `who` blocks at the server; the call that waits there.
  Call block(TestClient& who, ControlRequest& asked, std::uint64_t& ticket) {
    who.ask("BLPOP x 0");
    asked = plane.take_control();
    ticket = plane.send(asked, a, "BLPOP x 0", blocking());
    return a.take();
  }
};

PlaneSetup with_private_links(std::uint32_t most) {
  PlaneSetup setup;
  setup.settings.limits.private_links_per_server_max = most;
  return setup;
}

TEST(an_errand_of_a_client_with_large_replies_goes_where_they_come_from) {
  OneServer one;
  const std::string large = bulk(std::string(kLargeReplyBytes, 'v'));
  one.client.ask("GET x");
  const Call usual = one.a.take();
  one.a.reply(usual, large);
  CHECK(one.client.reply() == large);
  const ControlRequest asked = one.ask(one.client);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "DBSIZE");
  const Call call = one.a.take();
  CHECK(call.connection != usual.connection);
  one.a.reply(call, ":7\r\n");
  CHECK_EQ(one.plane.outcome(ticket).text, ":7\r\n");
  one.plane.answer(asked, "+done\r\n");
  CHECK_EQ(one.client.reply(), "+done\r\n");
}

TEST(an_errand_goes_over_the_shared_link_and_its_reply_goes_up) {
  OneServer one;
  one.other.ask("GET x");
  const Call shared = one.a.take();
  const ControlRequest asked = one.ask(one.client);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "DBSIZE");
  const Call call = one.a.take();
  CHECK_EQ(call.text(), "DBSIZE");
  CHECK_EQ(call.connection, shared.connection);
  one.a.reply(shared, bulk("1"));
  one.a.reply(call, ":7\r\n");
  const ErrandOutcome outcome = one.plane.outcome(ticket);
  CHECK(outcome.kind == Kind::kReply);
  CHECK_EQ(outcome.text, ":7\r\n");
  CHECK_EQ(one.other.reply(), bulk("1"));
  one.plane.answer(asked, "+done\r\n");
  CHECK_EQ(one.client.reply(), "+done\r\n");
}

TEST(refusals_of_an_errand_go_up_as_they_are) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  ErrandOrder order;
  order.asking = true;
  const std::uint64_t ticket = one.plane.send(asked, one.a, "GET x", order);
  const Call call = one.a.take();
  CHECK(call.asking);
  one.a.reply(call, moved("x", one.a));
  CHECK_EQ(one.plane.outcome(ticket).text, moved("x", one.a));
}

TEST(a_large_reply_to_an_errand_goes_up_whole) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "KEYS *");
  const Call call = one.a.take();
  const std::string reply = array({std::string(100000, 'x'), "y"});
  one.a.reply(call, reply);
  CHECK_EQ(one.plane.outcome(ticket).text, reply);
}

TEST(an_errand_that_was_sent_is_lost_with_its_link) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "FLUSHALL");
  (void)one.a.take();
  one.a.close_connections();
  const ErrandOutcome outcome = one.plane.outcome(ticket);
  CHECK(outcome.kind == Kind::kLost);
  CHECK_EQ(outcome.text, one.a.endpoint());
}

TEST(an_errand_that_no_server_got_was_not_sent) {
  OneServer one;
  one.a.refuse(true);
  const ControlRequest asked = one.ask(one.client);
  CHECK(one.plane.outcome(one.plane.send(asked, one.a, "FLUSHALL")).kind == Kind::kNotSent);
}

TEST(an_errand_to_a_server_that_left_the_cluster_is_not_sent) {
  OneServer one;
  const FakeServer stranger;
  const ControlRequest asked = one.ask(one.client);
  const ErrandOutcome outcome = one.plane.outcome(one.plane.send(asked, stranger, "FLUSHALL"));
  CHECK(outcome.kind == Kind::kNotSent);
  CHECK_EQ(outcome.text, "the server left the cluster");
}

TEST(what_waits_at_a_server_that_leaves_the_cluster_is_given_up) {
  OneServer one;
  ControlRequest asked;
  std::uint64_t ticket = 0;
  (void)one.block(one.client, asked, ticket);
  one.plane.routes().servers.clear();
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot)
    one.plane.assign(static_cast<std::uint16_t>(slot), RouteSnapshot::kNobody);
  one.plane.publish();
  CHECK(one.plane.outcome(ticket).kind == Kind::kLost);
}

TEST(what_waits_at_a_server_that_lost_its_slots_is_thrown_out_by_it_or_given_up) {
  for (const bool answers : {true, false}) {
    FakeServer a;
    FakeServer b;
    TestPlane plane({&a, &b});
    TestClient client = plane.connect();
    client.ask("BLPOP x 0");
    const ControlRequest asked = plane.take_control();
    const std::uint64_t ticket = plane.send(asked, a, "BLPOP x 0", blocking());
    const Call call = a.take();
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot)
      plane.assign(static_cast<std::uint16_t>(slot), 1);
    plane.publish();
    plane.publish();
    if (answers) a.reply(call, "-UNBLOCKED force unblock\r\n");
    const ErrandOutcome outcome = plane.outcome(ticket);
    CHECK(outcome.kind == (answers ? Kind::kReply : Kind::kLost));
  }
}

TEST(an_answer_to_half_an_errand_is_its_reply_and_ends_the_link) {
  OneServer one;
  std::promise<void> has_stopped;
  std::promise<void> may_go_on;
  one.a.answer_with([&](const Call& call) -> std::optional<std::string> {
    if (call.arg(0) != "GET") return std::nullopt;
    has_stopped.set_value();  // reading, for as long as this lasts
    may_go_on.get_future().wait();
    return "";
  });
  one.other.ask("GET x");
  has_stopped.get_future().wait();
  const ControlRequest asked = one.ask(one.client);
  // Far more than the kernel's buffers take.
  const std::uint64_t ticket =
      one.plane.send(asked, one.a, "SET x " + std::string(std::size_t{32} * 1024 * 1024, 'x'));
  one.a.send_to(0, "$-1\r\n-ERR Protocol error: too big\r\n");
  CHECK_EQ(one.other.reply(), "$-1\r\n");
  CHECK_EQ(one.plane.outcome(ticket).text, "-ERR Protocol error: too big\r\n");
  one.plane.await(&WorkerCounters::links, 0);
  may_go_on.set_value();
}

TEST(a_late_reply_to_an_errand_of_a_client_that_left_reaches_nobody) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "DBSIZE");
  const Call call = one.a.take();
  one.client.leave(true);
  CHECK(one.plane.outcome(ticket).kind == Kind::kGone);
  one.other.ask("GET x");
  const Call get = one.a.take();
  one.a.reply(call, ":7\r\n");
  one.a.reply(get, bulk("1"));
  CHECK_EQ(one.other.reply(), bulk("1"));
}

TEST(an_errand_for_a_client_that_left_is_not_sent) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  one.client.leave(true);
  one.plane.await(&WorkerCounters::clients, 1);
  CHECK(one.plane.outcome(one.plane.send(asked, one.a, "DBSIZE")).kind == Kind::kGone);
  CHECK(one.a.stays_quiet());
}

TEST(a_blocked_client_delays_nobody) {
  OneServer one;
  ControlRequest asked;
  std::uint64_t ticket = 0;
  const Call blocked = one.block(one.client, asked, ticket);
  one.other.ask("GET x");
  const Call get = one.a.take();
  CHECK(get.connection != blocked.connection);
  one.a.reply(get, bulk("1"));
  CHECK_EQ(one.other.reply(), bulk("1"));
}

TEST(a_server_where_clients_wait_is_not_silent) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  client.ask("BLPOP x 0");
  (void)plane.send(plane.take_control(), a, "BLPOP x 0", blocking());
  (void)a.take();
  other.ask("GET " + plane.key_of(1));
  (void)b.take();
  std::vector<PlaneEvent> silent;
  CHECK(eventually([&] {
    silent = plane.take_events(PlaneEvent::Kind::kLinkSilent);
    return !silent.empty();
  }));
  for (const PlaneEvent& event : silent) CHECK_EQ(event.label, b.endpoint());
}

TEST(what_is_pipelined_behind_a_blocked_command_waits) {
  OneServer one;
  ControlRequest asked;
  std::uint64_t ticket = 0;
  const Call blocked = one.block(one.client, asked, ticket);
  one.client.ask("GET x");
  CHECK(one.a.stays_quiet());
  one.a.reply(blocked, array({"x", "1"}));
  CHECK_EQ(one.plane.outcome(ticket).text, array({"x", "1"}));
  one.plane.answer(asked, array({"x", "1"}));
  one.a.serve("GET x", bulk("2"));
  CHECK_EQ(one.client.reply(), array({"x", "1"}));
  CHECK_EQ(one.client.reply(), bulk("2"));
}

TEST(the_link_of_a_blocked_client_that_leaves_is_closed_whatever_is_pipelined) {
  for (const bool resets : {false, true}) {
    OneServer one;
    ControlRequest asked;
    std::uint64_t ticket = 0;
    (void)one.block(one.client, asked, ticket);
    one.client.ask("GET x");
    CHECK(one.a.stays_quiet());
    if (resets) {
      one.client.leave(true);
    } else {
      one.client.finish();
    }
    CHECK(one.plane.outcome(ticket).kind == Kind::kGone);
    one.plane.await(&WorkerCounters::links, 0);
    CHECK(one.a.stays_quiet());
  }
}

TEST(a_client_that_finished_before_it_blocked_is_closed) {
  OneServer one;
  one.client.send(request("BLPOP x 0"));
  const ControlRequest asked = one.plane.take_control();
  one.client.finish();
  // Its end is seen before the errand begins: a call in between goes through the same worker.
  if (!eventually([&] { return one.plane.sum(&WorkerCounters::client_bytes_in) != 0; }))
    CHECK(false);
  const std::uint64_t ticket = one.plane.send(asked, one.a, "BLPOP x 0", blocking());
  CHECK(one.plane.outcome(ticket).kind == Kind::kGone);
  CHECK(one.client.is_closed());
  CHECK_EQ(one.plane.sum(&WorkerCounters::links), 0U);
}

TEST(private_links_are_lent_again_but_not_to_another_user) {
  PlaneSetup setup = with_private_links(1);
  setup.settings.users.push_back({"alice", "secret", true});
  OneServer one(setup);
  const auto connection_of = [&](TestClient& who) {
    const ControlRequest asked = one.ask(who);
    const std::uint64_t ticket = one.plane.send(asked, one.a, "BLPOP x 1", blocking());
    const Call call = one.a.take();
    one.a.reply(call, "*-1\r\n");
    CHECK_EQ(one.plane.outcome(ticket).text, "*-1\r\n");
    one.plane.answer(asked, "*-1\r\n");
    CHECK_EQ(who.reply(), "*-1\r\n");
    return call.connection;
  };
  const int first = connection_of(one.client);
  CHECK_EQ(connection_of(one.other), first);
  one.plane.log_in("AUTH alice secret", one.other, 1);
  // The one link that there may be rests as somebody else's: it makes room.
  CHECK(connection_of(one.other) != first);
  CHECK_EQ(one.a.handshakes().back(), "HELLO 2 AUTH alice secret SETNAME slotgate::0");
  CHECK_EQ(one.plane.sum(&WorkerCounters::links), 1U);
}

TEST(who_waits_for_a_private_link_gets_it_in_turn) {
  OneServer one(with_private_links(1));
  ControlRequest asked;
  std::uint64_t ticket = 0;
  (void)one.block(one.client, asked, ticket);
  const ControlRequest second = one.ask(one.other);
  TestClient late = one.plane.connect();
  const ControlRequest third = one.ask(late);
  const std::uint64_t waits = one.plane.send(second, one.a, "BLPOP second 0", blocking());
  // The link becomes free in the very turn in which another one asks for it.
  ErrandOrder order = blocking();
  order.client_id = third.client_id;
  order.client_index = third.client_index;
  order.frame = request("BLPOP third 0");
  order.nodes = {one.a.node_id()};
  one.plane.on_workers([&](Worker& worker) {
    worker.clients().close(*worker.clients().find(asked.client_index, asked.client_id));
    worker.errands().run(order);
  });
  const Call call = one.a.take();
  CHECK_EQ(call.text(), "BLPOP second 0");
  CHECK(one.a.stays_quiet());
  one.a.reply(call, "*-1\r\n");
  CHECK_EQ(one.plane.outcome(waits).text, "*-1\r\n");
  CHECK_EQ(one.a.take().text(), "BLPOP third 0");
}

TEST(who_waits_too_long_for_a_private_link_is_told_so) {
  OneServer one(with_private_links(1));
  ControlRequest asked;
  std::uint64_t ticket = 0;
  (void)one.block(one.client, asked, ticket);
  const ControlRequest second = one.ask(one.other);
  const ErrandOutcome outcome =
      one.plane.outcome(one.plane.send(second, one.a, "BLPOP x 0", blocking()));
  CHECK(outcome.kind == Kind::kBusy);
  CHECK_EQ(outcome.text, "all 1 private links to " + one.a.endpoint() + " are in use");
}

TEST(a_blocked_client_is_found_and_its_link_is_not_lent_again) {
  OneServer one;
  ControlRequest asked;
  std::uint64_t ticket = 0;
  const Call blocked = one.block(one.client, asked, ticket);
  const ErrandOutcome place = one.plane.outcome(one.plane.locate(asked));
  CHECK(place.kind == Kind::kReply);
  CHECK(place.text.starts_with(one.a.node_id() + " "));
  one.a.reply(blocked, "*-1\r\n");
  CHECK_EQ(one.plane.outcome(ticket).text, "*-1\r\n");
  one.plane.answer(asked, "*-1\r\n");
  CHECK_EQ(one.client.reply(), "*-1\r\n");
  // A CLIENT UNBLOCK for the first may still come.
  CHECK(one.block(one.other, asked, ticket).connection != blocked.connection);
}

TEST(a_blocked_client_on_its_way_to_a_server_does_not_arrive) {
  OneServer one;
  one.a.greet_with("-");
  one.client.ask("BLPOP x 0");
  const ControlRequest asked = one.plane.take_control();
  const std::uint64_t ticket = one.plane.send(asked, one.a, "BLPOP x 0", blocking());
  if (!eventually([&] { return one.a.handshakes().size() == 1; })) CHECK(false);
  CHECK(one.plane.outcome(one.plane.locate(asked)).kind == Kind::kNotSent);
  CHECK(one.plane.outcome(ticket).kind == Kind::kNotSent);
  CHECK_EQ(one.plane.sum(&WorkerCounters::links), 0U);
}

TEST(a_blocked_client_that_waits_for_a_link_is_unblocked_there) {
  OneServer one(with_private_links(1));
  ControlRequest asked;
  std::uint64_t ticket = 0;
  (void)one.block(one.client, asked, ticket);
  one.other.ask("BLPOP x 0");
  const ControlRequest second = one.plane.take_control();
  const std::uint64_t waits = one.plane.send(second, one.a, "BLPOP x 0", blocking());
  CHECK(one.plane.outcome(one.plane.locate(second)).kind == Kind::kNotSent);
  CHECK(one.plane.outcome(waits).kind == Kind::kNotSent);
  CHECK(one.plane.outcome(one.plane.locate(second)).kind == Kind::kGone);
}

TEST(a_client_that_blocks_at_several_servers_is_found_at_all_that_have_not_answered) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  b.greet_with("-");
  client.ask("WAIT 1 0");
  const ControlRequest asked = plane.take_control();
  const std::uint64_t ticket = plane.send_to_all(asked, {&a, &b}, "WAIT 1 0", blocking());
  const Call call = a.take();
  if (!eventually([&] { return b.handshakes().size() == 1; })) CHECK(false);
  const std::vector<ErrandOutcome> places = plane.outcomes(plane.locate(asked));
  CHECK_EQ(places.size(), 2U);
  CHECK(places.at(0).text.starts_with(a.node_id() + " "));
  CHECK(places.at(1).kind == Kind::kNotSent);
  CHECK(plane.outcome(plane.locate(asked)).kind == Kind::kReply);
  a.reply(call, ":1\r\n");
  const std::vector<ErrandOutcome> outcomes = plane.outcomes(ticket);
  CHECK_EQ(outcomes.at(0).text, ":1\r\n");
  CHECK(outcomes.at(1).kind == Kind::kNotSent);
}

TEST(a_reply_that_is_larger_than_the_errand_allows_is_not_collected) {
  OneServer one;
  const ControlRequest asked = one.ask(one.client);
  ErrandOrder order;
  order.reply_bytes_max = 100;
  const std::uint64_t fits = one.plane.send(asked, one.a, "KEYS a", order);
  one.a.serve("KEYS a", bulk(std::string(90, 'x')));
  CHECK(one.plane.outcome(fits).kind == Kind::kReply);
  const std::uint64_t whole = one.plane.send(asked, one.a, "KEYS b", order);
  one.a.serve("KEYS b", bulk(std::string(101, 'x')));
  CHECK(one.plane.outcome(whole).kind == Kind::kTooLarge);
  // Known before it ends; what follows on the link has its place.
  const std::uint64_t endless = one.plane.send(asked, one.a, "KEYS c", order);
  const Call call = one.a.take();
  one.other.ask("GET x");
  const Call behind = one.a.take();
  CHECK_EQ(behind.connection, call.connection);
  const std::string half = bulk(std::string(200'000, 'x'));
  one.a.reply(call, "*2\r\n" + half);
  CHECK(one.plane.outcome(endless).kind == Kind::kTooLarge);
  one.a.send_to(call.connection, half);
  one.a.reply(behind, bulk("1"));
  CHECK_EQ(one.other.reply(), bulk("1"));
}

TEST(an_errand_of_a_user_that_is_not_let_in_gets_the_servers_refusal) {
  for (const bool leases : {false, true}) {
    PlaneSetup setup;
    setup.settings.limits.hold_timeout_ms = 200;
    OneServer one(setup);
    one.a.greet_with("-WRONGPASS invalid\r\n");
    const ControlRequest asked = one.ask(one.client);
    const std::uint64_t ticket =
        one.plane.send(asked, one.a, "DBSIZE", leases ? leased() : ErrandOrder{});
    const ErrandOutcome refused = one.plane.outcome(ticket);
    CHECK(refused.kind == Kind::kReply);
    CHECK_EQ(refused.text, "-WRONGPASS invalid\r\n");
    one.a.greet_with("");
    const std::uint64_t again =
        one.plane.send(asked, one.a, "DBSIZE", leases ? leased() : ErrandOrder{});
    one.a.serve("DBSIZE", ":1\r\n");
    CHECK_EQ(one.plane.outcome(again).text, ":1\r\n");
  }
}

}  // namespace
}  // namespace slotgate::test
