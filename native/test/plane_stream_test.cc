// Requests too large to keep: forwarded over a private link while they arrive.
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

struct Streaming {
  explicit Streaming(PlaneSetup setup = {}) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);
  std::string value = std::string(3U * 1024 * 1024, 'v');
  std::string large = multibulk({"SET", key, value});
  std::string probe = "EXISTS " + key;

  /// Takes the large request at `server` and answers it.
  void expect_large(FakeServer& server, const std::string& reply) {
    const Call call = server.take();
    CHECK_EQ(call.arg(1), key);
    CHECK(call.arg(2) == value);
    server.reply(call, reply);
  }
};

TEST(a_large_request_passes_behind_a_probe_and_in_the_clients_order) {
  Streaming s;
  s.client.send(request("GET " + s.key));
  const Call before = s.a.take();
  std::thread sender([&] { s.client.send(s.large + request("GET " + s.key)); });
  CHECK(s.a.stays_quiet());
  s.a.reply(before, bulk("0"));
  const Call probe = s.a.take();
  CHECK_EQ(probe.text(), s.probe);
  CHECK(probe.connection != before.connection);
  s.a.reply(probe, ":0\r\n");
  s.expect_large(s.a, "+OK\r\n");
  sender.join();
  s.a.serve("GET " + s.key, bulk("1"));
  CHECK_EQ(s.client.reply(), bulk("0"));
  CHECK_EQ(s.client.reply(), "+OK\r\n");
  CHECK_EQ(s.client.reply(), bulk("1"));
  CHECK_EQ(s.plane.sum(&WorkerCounters::streamed_requests), 1U);
}

TEST(the_probes_redirect_waits_for_nobody_and_others_wait_for_the_former_owner) {
  Streaming s;
  TestClient other = s.plane.connect();
  other.ask("SET " + s.key + " 1");
  const Call first = s.a.take();
  std::thread sender([&] { s.client.send(s.large); });
  s.a.serve(s.probe, moved(s.key, s.b));
  const Call probe = s.b.take();
  other.ask("SET " + s.key + " 2");
  CHECK(s.b.stays_quiet());
  s.a.reply(first, moved(s.key, s.b));
  s.b.serve("SET " + s.key + " 1", "+OK\r\n");
  s.b.serve("SET " + s.key + " 2", "+OK\r\n");
  s.b.reply(probe, ":0\r\n");
  s.expect_large(s.b, "+OK\r\n");
  sender.join();
  for (TestClient* const client : {&other, &other, &s.client}) CHECK_EQ(client->reply(), "+OK\r\n");
}

TEST(the_probes_redirect_is_followed) {
  for (const bool asking : {false, true}) {
    Streaming s;
    std::thread sender([&] { s.client.send(s.large); });
    s.a.serve(s.probe, asking ? ask_at(s.key, s.b) : moved(s.key, s.b));
    const Call probe = s.b.take();
    CHECK_EQ(probe.asking, asking);
    s.b.reply(probe, ":0\r\n");
    s.expect_large(s.b, "+OK\r\n");
    sender.join();
    CHECK_EQ(s.client.reply(), "+OK\r\n");
  }
}

TEST(a_redirect_after_all_was_sent_says_that_nothing_was_executed) {
  Streaming s;
  std::thread sender([&] { s.client.send(s.large); });
  s.a.serve(s.probe, ":0\r\n");
  s.expect_large(s.a, moved(s.key, s.b));
  sender.join();
  const std::string reply = s.client.reply();
  CHECK(reply.starts_with("-TRYAGAIN slot moved while a request of "));
  CHECK(reply.ends_with(" bytes was being sent; nothing was executed\r\n"));
  CHECK_EQ(s.client.call("PING"), "+PONG\r\n");
}

TEST(an_error_of_the_probe_is_the_reply_and_the_rest_is_thrown_away) {
  Streaming s;
  std::thread sender([&] { s.client.send(s.large + request("PING")); });
  s.a.serve(s.probe, "-MISCONF no\r\n");
  sender.join();
  CHECK_EQ(s.client.reply(), "-MISCONF no\r\n");
  CHECK_EQ(s.client.reply(), "+PONG\r\n");
  CHECK(s.a.stays_quiet());
}

TEST(a_large_request_that_no_server_takes_in_time_ends_with_the_reason) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 200;
  Streaming s(setup);
  const std::string loading = "-LOADING the dataset is being loaded\r\n";
  s.a.answer_with([&](const Call&) { return loading; });
  s.client.send(s.large);
  CHECK_EQ(s.client.reply(), loading);
  s.a.refuse(true);
  s.a.close_connections();
  s.client.send(s.large);
  const std::string reply = s.client.reply();
  CHECK(reply.starts_with("-CLUSTERDOWN "));
  CHECK(reply.find(s.a.endpoint()) != std::string::npos);
  s.plane.assign(slot_of(s.key), RouteSnapshot::kNobody);
  s.plane.publish();
  s.client.send(s.large);
  CHECK_EQ(s.client.reply(), "-CLUSTERDOWN Hash slot not served\r\n");
  CHECK_EQ(s.client.call("PING"), "+PONG\r\n");
}

TEST(an_answer_before_the_last_byte_is_the_reply_and_the_rest_is_thrown_away) {
  Streaming s;
  const std::size_t half = s.large.size() / 2;
  s.client.send(std::string_view(s.large).substr(0, half));
  const Call probe = s.a.take();
  s.a.reply(probe, ":0\r\n");
  s.plane.await(&WorkerCounters::streamed_requests, 1);
  s.a.send_to(probe.connection, "-ERR Protocol error: invalid bulk length\r\n");
  CHECK_EQ(s.client.reply(), "-ERR Protocol error: invalid bulk length\r\n");
  s.client.send(std::string_view(s.large).substr(half));
  CHECK_EQ(s.client.call("PING"), "+PONG\r\n");
  CHECK(s.a.stays_quiet());
}

TEST(a_link_lost_after_everything_was_sent_leaves_the_outcome_unknown) {
  Streaming s;
  std::thread sender([&] { s.client.send(s.large); });
  s.a.serve(s.probe, ":0\r\n");
  const Call call = s.a.take();
  sender.join();
  s.a.close_connection(call.connection);
  CHECK(s.client.reply().starts_with("-OUTCOMEUNKNOWN outcome unknown: connection to "));
}

TEST(a_link_lost_before_the_last_byte_executed_nothing) {
  Streaming s;
  const std::size_t half = s.large.size() / 2;
  s.client.send(std::string_view(s.large).substr(0, half));
  const Call probe = s.a.take();
  s.a.reply(probe, ":0\r\n");
  s.plane.await(&WorkerCounters::streamed_requests, 1);
  s.a.close_connection(probe.connection);
  CHECK(s.client.reply().starts_with("-TRYAGAIN "));
  s.client.send(std::string_view(s.large).substr(half));
  CHECK_EQ(s.client.call("PING"), "+PONG\r\n");
}

TEST(a_client_that_leaves_in_the_middle_executes_nothing) {
  for (const bool reset : {false, true}) {
    Streaming s;
    TestClient other = s.plane.connect_served();
    s.client.send(std::string_view(s.large).substr(0, s.large.size() / 2));
    s.a.serve(s.probe, ":0\r\n");
    s.client.leave(reset);
    s.plane.await(&WorkerCounters::clients, 1);
    CHECK(s.a.stays_quiet());
    other.ask("GET " + s.key);
    s.a.serve("GET " + s.key, bulk("0"));
    CHECK_EQ(other.reply(), bulk("0"));
  }
}

}  // namespace
}  // namespace slotgate::test
