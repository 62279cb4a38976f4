// MOVED: followed, fenced, bounded, and not forged.
#include "test/check.h"
#include "test/plane_pubsub_support.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// Two servers and two clients; `key` belongs to `a`.
struct TwoServers {
  explicit TwoServers(PlaneSetup setup = {}) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  std::string key = plane.key_of(0);
};

PlaneSetup patient_for(std::uint32_t milliseconds) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = milliseconds;
  return setup;
}

TEST(a_redirect_is_followed_and_remembered) {
  TwoServers two;
  two.client.ask("GET " + two.key);
  two.a.serve("GET " + two.key, moved(two.key, two.b));
  two.b.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
  two.other.ask("GET " + two.key);
  two.b.serve("GET " + two.key, bulk("2"));
  CHECK_EQ(two.other.reply(), bulk("2"));
  const auto events = two.plane.take_events(PlaneEvent::Kind::kRedirect);
  CHECK_EQ(events.size(), 1U);
  CHECK(!events.empty() && events[0].known && events[0].slot == slot_of(two.key));
}

TEST(a_redirect_without_host_means_the_host_of_the_link) {
  TwoServers two;
  two.client.ask("GET " + two.key);
  const std::string endpoint = two.b.endpoint();
  two.a.serve("GET " + two.key, "-MOVED " + std::to_string(slot_of(two.key)) + " " +
                                    endpoint.substr(endpoint.find(':')) + "\r\n");
  two.b.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(what_arrives_behind_a_redirect_waits_for_the_former_owner) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  const Call first = two.a.take();
  two.other.ask("GET " + two.key);
  const Call second = two.a.take();
  two.a.reply(first, moved(two.key, two.b));
  two.plane.await(&WorkerCounters::held_now, 1);
  two.client.ask("SET " + two.key + " 2");
  two.plane.await(&WorkerCounters::held_now, 2);
  CHECK(two.b.stays_quiet());
  two.a.reply(second, bulk("0"));
  two.b.serve("SET " + two.key + " 1", "+OK\r\n");
  two.b.serve("SET " + two.key + " 2", "+OK\r\n");
  CHECK_EQ(two.other.reply(), bulk("0"));
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
}

TEST(redirected_requests_keep_their_order) {
  TwoServers two;
  std::string pipeline;
  for (int i = 0; i < 20; ++i) pipeline += request("SET " + two.key + " " + std::to_string(i));
  two.client.send(pipeline);
  std::vector<Call> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(two.a.take());
  for (int i = 0; i < 10; ++i)
    two.a.reply(calls[static_cast<std::size_t>(i)], moved(two.key, two.b));
  two.plane.await(&WorkerCounters::redirects_moved, 10);
  two.client.ask("SET " + two.key + " 20");
  for (int i = 10; i < 20; ++i)
    two.a.reply(calls[static_cast<std::size_t>(i)], moved(two.key, two.b));
  for (int i = 0; i <= 20; ++i) two.b.serve("SET " + two.key + " " + std::to_string(i), "+OK\r\n");
  for (int i = 0; i <= 20; ++i) CHECK_EQ(two.client.reply(), "+OK\r\n");
}

TEST(a_redirected_write_is_not_repeated_behind_a_younger_one_on_its_key) {
  TwoServers two;
  two.client.send(request("SET " + two.key + " 1") + request("SET " + two.key + " 2"));
  const Call first = two.a.take();
  const Call second = two.a.take();
  two.a.reply(first, moved(two.key, two.b));
  two.a.reply(second, "+OK\r\n");
  CHECK_EQ(two.client.reply(), being_moved(two.key));
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK(two.b.stays_quiet());
  CHECK_EQ(two.plane.sum(&WorkerCounters::refusal_passed_for_order), 1U);
}

TEST(a_write_that_its_former_owner_refused_is_not_repeated_behind_a_younger_one) {
  TwoServers two;
  two.client.send(request("SET " + two.key + " 1") + request("SET " + two.key + " 2"));
  const Call first = two.a.take();
  const Call second = two.a.take();
  two.plane.assign(slot_of(two.key), 1);
  two.plane.publish();
  two.a.reply(first, moved(two.key, two.b));
  two.a.reply(second, "+OK\r\n");  // the slot was back for a moment
  CHECK_EQ(two.client.reply(), being_moved(two.key));
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK(two.b.stays_quiet());
}

TEST(a_lost_read_is_repeated_though_a_younger_write_was_lost_with_it) {
  TwoServers two;
  two.client.send(request("GET " + two.key) + request("SET " + two.key + " 2"));
  (void)two.a.take();
  (void)two.a.take();
  two.plane.assign(slot_of(two.key), 1);
  two.plane.publish();
  two.a.close_connections();
  two.b.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
}

TEST(the_loss_of_the_former_owner_opens_the_fence) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  const Call first = two.a.take();
  two.other.ask("SET " + two.key + " x");
  (void)two.a.take();
  two.a.reply(first, moved(two.key, two.b));
  two.plane.await(&WorkerCounters::held_now, 1);
  two.a.close_connections();
  two.b.serve("SET " + two.key + " 1", "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK(two.other.reply().starts_with("-OUTCOMEUNKNOWN "));
}

TEST(a_loop_of_redirects_ends) {
  TwoServers two(patient_for(300));
  two.a.answer_with([&](const Call&) { return moved(two.key, two.b); });
  two.b.answer_with([&](const Call&) { return moved(two.key, two.a); });
  CHECK_EQ(two.client.call("GET " + two.key), being_moved(two.key));
  CHECK_EQ(two.client.call("PING"), "+PONG\r\n");
}

TEST(the_new_owner_is_learned_from_a_request_that_was_refused_often) {
  TwoServers two;
  const std::string read = "GET " + two.key;
  two.client.ask(read);
  // TRYAGAIN counts, too.
  for (int i = 0; i < 6; ++i) two.a.serve(read, "-TRYAGAIN Multiple keys request\r\n");
  two.a.serve(read, moved(two.key, two.b));
  two.b.serve(read, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(an_unknown_endpoint_waits_for_the_topology_that_names_it) {
  TwoServers two;
  FakeServer late;
  two.client.ask("GET " + two.key);
  two.a.serve("GET " + two.key, moved(two.key, late));
  two.plane.await(&WorkerCounters::held_now, 1);
  CHECK_EQ(late.accepted(), 0);
  const auto events = two.plane.take_events(PlaneEvent::Kind::kRedirect);
  CHECK(events.size() == 1 && !events[0].known && events[0].text == late.endpoint());
  two.plane.routes().servers.push_back(late.entry());
  two.plane.assign(slot_of(two.key), 2);
  two.plane.publish();
  late.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(a_script_cannot_send_us_to_a_server_of_its_choice) {
  TwoServers two(patient_for(300));
  FakeServer evil;
  two.a.answer_with([&](const Call&) { return moved(two.key, evil); });
  const std::string script = "EVAL forge 1 " + two.key;
  CHECK_EQ(two.client.call(script), moved(two.key, evil));
  // But if the server is a new one, the topology will tell.
  std::vector<PlaneEvent> events;
  CHECK(eventually([&] {
    events = two.plane.take_events(PlaneEvent::Kind::kRedirect);
    return !events.empty();
  }));
  if (!events.empty()) CHECK(!events[0].known);
  two.a.answer_with([&](const Call&) { return "-MOVED 1 " + two.b.endpoint() + "\r\n"; });
  CHECK_EQ(two.client.call(script), "-MOVED 1 " + two.b.endpoint() + "\r\n");
  for (const char* const words :
       {"-TRYAGAIN mine\r\n", "-LOADING mine\r\n", "-CLUSTERDOWN mine\r\n"}) {
    two.a.answer_with([&](const Call&) { return words; });
    CHECK_EQ(two.client.call(script), words);
  }
  CHECK_EQ(evil.accepted(), 0);
  CHECK_EQ(two.b.accepted(), 0);
}

TEST(malformed_redirects_are_the_clients_replies) {
  TwoServers two;
  for (const char* const line :
       {"-MOVED\r\n", "-MOVED x 127.0.0.1:1\r\n", "-MOVED 16384 127.0.0.1:1\r\n", "-MOVED 1\r\n",
        "-ASK 1\r\n", "-MOVED 1 nowhere\r\n"}) {
    two.client.ask("GET " + two.key);
    two.a.serve("GET " + two.key, line);
    CHECK_EQ(two.client.reply(), line);
  }
}

TEST(a_redirect_over_one_link_fences_what_is_on_its_way_over_others) {
  TwoServers two;
  TestClient resp3 = connect_resp3(two.plane);
  two.client.ask("SET " + two.key + " 1");
  const Call first = two.a.take();
  resp3.ask("GET " + two.key);
  two.a.serve("GET " + two.key, moved(two.key, two.b));
  two.plane.await(&WorkerCounters::held_now, 1);
  two.client.ask("SET " + two.key + " 2");
  two.plane.await(&WorkerCounters::held_now, 2);
  CHECK(two.b.stays_quiet());
  two.a.reply(first, moved(two.key, two.b));
  std::string written;
  for (int i = 0; i < 3; ++i) {
    const Call call = two.b.take();
    if (call.args.size() > 2) written += call.arg(2);
    two.b.reply(call, "+OK\r\n");
  }
  CHECK_EQ(written, "12");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(resp3.reply(), "+OK\r\n");
}

TEST(a_redirect_of_a_shard_channel_fences_what_is_on_its_way) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  const Call first = two.a.take();
  two.other.ask("SSUBSCRIBE " + two.key);
  two.a.serve("ssubscribe " + two.key, moved(two.key, two.b));
  (void)confirm(two.b, "ssubscribe " + two.key);
  two.client.ask("SET " + two.key + " 2");
  two.plane.await(&WorkerCounters::held_now, 1);
  CHECK(two.b.stays_quiet());
  two.a.reply(first, moved(two.key, two.b));
  for (const char* const value : {"1", "2"}) {
    const Call call = two.b.take();
    CHECK_EQ(call.text(), "SET " + two.key + " " + value);
    two.b.reply(call, "+OK\r\n");
    CHECK_EQ(two.client.reply(), "+OK\r\n");
  }
}

}  // namespace
}  // namespace slotgate::test
