// Requests that wait: no owner, a server that cannot serve, budgets, deadlines, clients that leave.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr const char* kDown = "-CLUSTERDOWN The cluster is down\r\n";
constexpr const char* kNotServed = "-CLUSTERDOWN Hash slot not served\r\n";

struct OneServer {
  explicit OneServer(PlaneSetup setup = {}) : plane({&a}, std::move(setup)) {}

  FakeServer a;
  TestPlane plane;
  TestClient client = plane.connect();
  TestClient other = plane.connect();

  void orphan(const std::string& key) {
    plane.assign(slot_of(key), RouteSnapshot::kNobody);
    plane.publish();
  }
  void give_home(const std::string& key) {
    plane.assign(slot_of(key), 0);
    plane.publish();
  }
};

PlaneSetup patient_for(std::uint32_t milliseconds) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = milliseconds;
  return setup;
}

TEST(what_a_server_cannot_serve_waits_and_goes_in_order) {
  for (const char* const refusal :
       {kDown, "-LOADING Redis is loading\r\n", "-MASTERDOWN Link down\r\n"}) {
    OneServer one;
    one.client.send(request("SET k 1") + request("SET k 2"));
    const Call first = one.a.take();
    const Call second = one.a.take();
    one.a.reply(first, refusal);
    one.plane.await(&WorkerCounters::held_now, 1);
    one.other.ask("SET k 3");
    one.plane.await(&WorkerCounters::held_now, 2);
    one.a.reply(second, refusal);
    // One request finds out whether the server is back; the others wait for its answer.
    const Call probe = one.a.take();
    CHECK_EQ(probe.text(), "SET k 1");
    CHECK(one.a.stays_quiet());
    one.a.reply(probe, "+1\r\n");
    one.a.serve("SET k 2", "+2\r\n");
    one.a.serve("SET k 3", "+3\r\n");
    CHECK_EQ(one.client.reply(), "+1\r\n");
    CHECK_EQ(one.client.reply(), "+2\r\n");
    CHECK_EQ(one.other.reply(), "+3\r\n");
    CHECK_EQ(one.plane.sum(&WorkerCounters::held_bytes_now), 0U);
  }
}

TEST(other_slots_of_a_refusing_server_are_not_held) {
  OneServer one;
  one.client.ask("GET down");
  one.a.serve("GET down", kDown);
  one.plane.await(&WorkerCounters::held_now, 1);
  one.other.ask("GET up");
  Call call = one.a.take();
  if (call.text() == "GET down") {  // the next attempt of the held one came first
    one.a.reply(call, bulk("1"));
    call = one.a.take();
  }
  CHECK_EQ(call.text(), "GET up");
  one.a.reply(call, bulk("up"));
  CHECK_EQ(one.other.reply(), bulk("up"));
}

TEST(when_time_is_up_the_servers_own_error_is_the_reply) {
  OneServer one(patient_for(300));
  one.a.answer_with([](const Call&) { return kDown; });
  CHECK_EQ(one.client.call("GET k"), kDown);
  one.orphan("k");
  CHECK_EQ(one.client.call("GET k"), kNotServed);
  CHECK(one.plane.sum(&WorkerCounters::held_expired) >= 1);
  CHECK_EQ(one.plane.sum(&WorkerCounters::held_now), 0U);
}

TEST(readonly_of_a_demoted_primary_is_tried_again) {
  OneServer one;
  one.client.ask("SET k 1");
  one.a.serve("SET k 1", "-READONLY You can't write against a read only replica.\r\n");
  one.a.serve("SET k 1", "+OK\r\n");
  CHECK_EQ(one.client.reply(), "+OK\r\n");
}

TEST(a_probe_that_is_lost_with_its_link_does_not_block_the_slot) {
  OneServer one;
  one.client.ask("SET k 1");
  one.a.serve("SET k 1", kDown);
  CHECK_EQ(one.a.take().text(), "SET k 1");
  one.other.ask("SET k 2");
  one.plane.await(&WorkerCounters::held_now, 1);
  one.a.close_connections();
  CHECK(one.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  one.a.serve("SET k 2", "+2\r\n");
  CHECK_EQ(one.other.reply(), "+2\r\n");
}

TEST(a_probe_whose_client_left_does_not_block_the_slot) {
  for (const bool link_dies : {false, true}) {
    OneServer one;
    one.client.ask("SET k 1");
    one.a.serve("SET k 1", kDown);
    const Call probe = one.a.take();
    one.other.ask("SET k 2");
    one.plane.await(&WorkerCounters::held_now, 1);
    one.client.leave(true);
    one.plane.await(&WorkerCounters::clients, 1);
    if (link_dies) {
      one.a.close_connections();
    } else {
      one.a.reply(probe, kDown);
    }
    one.a.serve("SET k 2", "+2\r\n");
    CHECK_EQ(one.other.reply(), "+2\r\n");
  }
}

TEST(what_was_refused_otherwise_meanwhile_is_repeated_when_the_probe_succeeds) {
  OneServer one;
  one.client.send(request("GET k") + request("MGET k"));
  const Call first = one.a.take();
  const Call second = one.a.take();
  one.a.reply(first, kDown);
  one.a.reply(second, "-TRYAGAIN wait\r\n");
  const Call probe = one.a.take();
  CHECK_EQ(probe.text(), "GET k");
  CHECK(one.a.stays_quiet());
  one.a.reply(probe, bulk("1"));
  one.a.serve("MGET k", array({"1"}));
  CHECK_EQ(one.client.reply(), bulk("1"));
  CHECK_EQ(one.client.reply(), array({"1"}));
}

TEST(a_slot_without_owner_opens_with_the_topology_that_has_one) {
  OneServer one;
  one.orphan("k");
  std::string pipeline;
  for (int i = 0; i < 600; ++i) pipeline += request("APPEND k " + std::to_string(i));
  one.client.send(pipeline);
  one.plane.await(&WorkerCounters::held_now, 32);
  CHECK_EQ(one.plane.take_events(PlaneEvent::Kind::kHolding).size(), 1U);
  one.give_home("k");
  for (int i = 0; i < 600; ++i)
    one.a.serve("APPEND k " + std::to_string(i), ":" + std::to_string(i) + "\r\n");
  for (int i = 0; i < 600; ++i) CHECK_EQ(one.client.reply(), ":" + std::to_string(i) + "\r\n");
}

TEST(a_full_budget_refuses_the_newest) {
  PlaneSetup setup;
  setup.settings.limits.hold_bytes_max = request("SET k 1").size() + 10;
  OneServer one(setup);
  one.orphan("k");
  one.client.ask("SET k 1");
  one.plane.await(&WorkerCounters::held_now, 1);
  CHECK_EQ(one.other.call("SET k 2"), kNotServed);
  CHECK_EQ(one.plane.sum(&WorkerCounters::held_rejected), 1U);
  one.give_home("k");
  one.a.serve("SET k 1", "+OK\r\n");
  CHECK_EQ(one.client.reply(), "+OK\r\n");
}

TEST(what_is_held_for_a_client_that_leaves_is_never_executed) {
  for (const bool reset : {false, true}) {
    OneServer one;
    one.orphan("k");
    one.client.send(request("SET k 1") + request("SET k 2"));
    one.plane.await(&WorkerCounters::held_now, 2);
    one.client.leave(reset);
    one.plane.await(&WorkerCounters::held_now, 0);
    one.plane.await(&WorkerCounters::held_bytes_now, 0);
    one.plane.await(&WorkerCounters::held_dropped, 2);
    one.give_home("k");
    CHECK(one.a.stays_quiet());
  }
}

TEST(a_fin_ends_the_wait_with_the_reason_for_it) {
  OneServer one;
  one.orphan("k");
  one.client.send(request("PING") + request("SET k 1"));
  one.plane.await(&WorkerCounters::held_now, 1);
  one.client.finish();
  CHECK_EQ(one.client.reply(), "+PONG\r\n");
  CHECK_EQ(one.client.reply(), kNotServed);
  CHECK(one.client.is_closed());
}

TEST(a_redirect_to_an_unknown_server_is_not_waited_for_after_a_fin) {
  OneServer one;
  FakeServer unknown;
  one.client.ask("SET k 1");
  const Call call = one.a.take();
  one.client.finish();
  one.plane.on_workers([](Worker&) {});
  one.a.reply(call, moved("k", unknown));
  CHECK_EQ(one.client.reply(), being_moved("k"));
  CHECK(one.client.is_closed());
}

}  // namespace
}  // namespace slotgate::test
