// MULTI … EXEC: gathered in the proxy, sent as one block, repeated whole or not at all.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr std::string_view kQueued = "+QUEUED\r\n";
const std::string kAborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";

struct TwoServers {
  explicit TwoServers(PlaneSetup setup = {}) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);

  /// MULTI and the commands, each answered with QUEUED.
  void gather(const std::vector<std::string>& commands) {
    CHECK_EQ(client.call("MULTI"), "+OK\r\n");
    for (const std::string& command : commands) CHECK_EQ(client.call(command), kQueued);
  }
};

/// Answers a block: MULTI, the commands, EXEC.
Call serve_block(FakeServer& server, const std::vector<std::string>& commands,
                 const std::string& queued, const std::string& result) {
  const Call multi = server.take();
  CHECK_EQ(multi.text(), "MULTI");
  server.reply(multi, "+OK\r\n");
  for (const std::string& command : commands) server.serve(command, queued);
  server.serve("EXEC", result);
  return multi;
}

std::string unknown_outcome(const FakeServer& server, const std::string& key) {
  return "-OUTCOMEUNKNOWN outcome unknown: connection to " + server.endpoint() + " (slot " +
         std::to_string(slot_of(key)) + ") was lost after the command was sent\r\n";
}

TEST(a_transaction_is_gathered_and_sent_as_one) {
  TwoServers two;
  two.gather({"SET " + two.key + " 1", "GET " + two.key});
  CHECK_EQ(two.a.accepted(), 0);
  two.client.ask("EXEC");
  serve_block(two.a, {"SET " + two.key + " 1", "GET " + two.key}, "+QUEUED\r\n",
              "*2\r\n+OK\r\n$1\r\n1\r\n");
  CHECK_EQ(two.client.reply(), "*2\r\n+OK\r\n$1\r\n1\r\n");
  two.client.ask("GET " + two.key);
  two.a.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(an_open_transaction_occupies_no_connection) {
  TwoServers two;
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(two.plane.connect());
    CHECK_EQ(clients.back().call("MULTI"), "+OK\r\n");
    CHECK_EQ(clients.back().call("GET " + two.key), kQueued);
  }
  CHECK_EQ(two.plane.sum(&WorkerCounters::links), 0U);
  for (TestClient& each : clients) CHECK_EQ(each.call("DISCARD"), "+OK\r\n");
  CHECK_EQ(clients.front().call("EXEC"), "-ERR EXEC without MULTI\r\n");
}

TEST(a_redirected_transaction_is_repeated_whole) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  two.gather({set, set});
  two.client.ask("EXEC");
  serve_block(two.a, {set, set}, moved(two.key, two.b), kAborted);
  serve_block(two.b, {set, set}, "+QUEUED\r\n", "*2\r\n+OK\r\n+OK\r\n");
  CHECK_EQ(two.client.reply(), "*2\r\n+OK\r\n+OK\r\n");
}

TEST(a_transaction_whose_exec_is_redirected_is_repeated_whole) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  two.gather({set});
  two.client.ask("EXEC");
  serve_block(two.a, {set}, "+QUEUED\r\n", moved(two.key, two.b));
  serve_block(two.b, {set}, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
}

TEST(a_transaction_that_is_asked_elsewhere_goes_there_behind_asking) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  two.gather({set});
  two.client.ask("EXEC");
  serve_block(two.a, {set}, ask_at(two.key, two.b), kAborted);
  CHECK(serve_block(two.b, {set}, "+QUEUED\r\n", "*1\r\n+OK\r\n").asking);
  CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
}

TEST(a_transaction_waits_out_what_passes) {
  for (const std::string& refusal :
       {std::string("-TRYAGAIN moving\r\n"), std::string("-CLUSTERDOWN down\r\n"),
        std::string("-LOADING busy\r\n")}) {
    TwoServers two;
    const std::string set = "SET " + two.key + " 1";
    two.gather({set});
    two.client.ask("EXEC");
    serve_block(two.a, {set}, "+QUEUED\r\n", refusal);
    serve_block(two.a, {set}, "+QUEUED\r\n", "*1\r\n+OK\r\n");
    CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
  }
}

TEST(a_redirected_transaction_keeps_its_place_among_requests_on_its_keys) {
  TwoServers two;
  const std::string before = "SET " + two.key + " 0";
  const std::string inside = "APPEND " + two.key + " 1";
  const std::string behind = "GET " + two.key;
  two.client.send(request(before) + request("MULTI") + request(inside) + request("EXEC") +
                  request(behind));
  two.a.serve(before, moved(two.key, two.b));
  serve_block(two.a, {inside}, moved(two.key, two.b), kAborted);
  two.a.serve(behind, moved(two.key, two.b));
  two.b.serve(before, "+OK\r\n");
  serve_block(two.b, {inside}, "+QUEUED\r\n", "*1\r\n:2\r\n");
  two.b.serve(behind, bulk("01"));
  for (const std::string& reply : {std::string("+OK\r\n"), std::string("+OK\r\n"),
                                   std::string(kQueued), std::string("*1\r\n:2\r\n"), bulk("01")}) {
    CHECK_EQ(two.client.reply(), reply);
  }
}

TEST(a_transaction_is_not_repeated_behind_a_younger_request_on_its_slot) {
  TwoServers two;
  const std::string inside = "APPEND " + two.key + " 1";
  const std::string behind = "SET " + two.key + " 2";
  two.client.send(request("MULTI") + request(inside) + request("EXEC") + request(behind));
  serve_block(two.a, {inside}, "-TRYAGAIN moving\r\n", kAborted);
  two.a.serve(behind, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK_EQ(two.client.reply(), kQueued);
  CHECK_EQ(two.client.reply(), "-TRYAGAIN moving\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  CHECK(two.a.stays_quiet());
}

TEST(a_transaction_of_which_exec_was_sent_is_of_unknown_outcome_when_its_link_is_lost) {
  TwoServers two;
  two.gather({"SET " + two.key + " 1"});
  two.client.ask("EXEC");
  for (int i = 0; i < 3; ++i) (void)two.a.take();
  two.a.close_connections();
  CHECK_EQ(two.client.reply(), unknown_outcome(two.a, two.key));
  CHECK(two.a.stays_quiet());
}

TEST(a_transaction_that_was_half_answered_leaves_nothing_on_the_next_link) {
  TwoServers two;
  const std::string get = "GET " + two.key;
  two.gather({get});
  two.client.ask("EXEC");
  const Call multi = two.a.take();
  two.a.reply(multi, "+OK\r\n");
  (void)two.a.take();
  (void)two.a.take();
  two.a.close_connections();
  // It only reads: once more, and counted from its beginning.
  serve_block(two.a, {get}, "+QUEUED\r\n", "*1\r\n$-1\r\n");
  CHECK_EQ(two.client.reply(), "*1\r\n$-1\r\n");
}

TEST(a_transaction_that_was_not_sent_yet_is_sent_over_the_next_link) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  two.a.greet_with("-");
  two.gather({set});
  two.client.ask("EXEC");
  if (!eventually([&] { return two.a.handshakes().size() == 1; })) CHECK(false);
  two.a.greet_with("");
  two.a.close_connections();
  serve_block(two.a, {set}, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
}

TEST(why_a_server_refused_a_command_is_told_at_exec) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  for (const std::string& why : {std::string("NOPERM no"), std::string("OOM full")}) {
    two.gather({set, set});
    two.client.ask("EXEC");
    serve_block(two.a, {set, set}, "-" + why + "\r\n", kAborted);
    CHECK_EQ(two.client.reply(), "-EXECABORT Transaction discarded because of: " + why + "\r\n");
  }
}

TEST(what_the_proxy_refuses_fails_the_transaction) {
  TwoServers two;
  const std::string other_key = two.plane.key_of(1);
  const std::vector<std::pair<std::string, std::string>> refused{
      {"GET " + other_key, "-CROSSSLOT Keys in request don't hash to the same slot\r\n"},
      {"GET", "-ERR wrong number of arguments for 'get' command\r\n"},
      {"INFO", "-ERR command is not allowed in a transaction through Slotgate: 'info'\r\n"}};
  for (const auto& [command, error] : refused) {
    two.gather({"GET " + two.key});
    CHECK_EQ(two.client.call(command), error);
    CHECK_EQ(two.client.call("EXEC"), kAborted);
    CHECK_EQ(two.client.call("EXEC"), "-ERR EXEC without MULTI\r\n");
  }
  CHECK_EQ(two.a.accepted(), 0);
}

TEST(an_unknown_command_fails_the_transaction) {
  TwoServers two;
  two.gather({});
  two.client.ask("NOSUCH x");
  const ControlRequest asked = two.plane.take_control();
  CHECK(asked.in_transaction);
  two.plane.answer(asked, "-ERR unknown command\r\n");
  CHECK_EQ(two.client.reply(), "-ERR unknown command\r\n");
  CHECK_EQ(two.client.call("EXEC"), kAborted);
}

TEST(a_transaction_without_commands_needs_no_server) {
  TwoServers two;
  two.gather({});
  CHECK_EQ(two.client.call("EXEC"), "*0\r\n");
  CHECK_EQ(two.client.call("DISCARD"), "-ERR DISCARD without MULTI\r\n");
  two.gather({});
  CHECK_EQ(two.client.call("MULTI"), "-ERR MULTI calls can not be nested\r\n");
}

TEST(a_large_request_in_a_transaction_is_queued_with_the_others) {
  TwoServers two;
  const std::string value(1200 * 1024, 'x');
  two.gather({"SET " + two.key + " " + value});
  CHECK_EQ(two.a.accepted(), 0);
  two.client.ask("EXEC");
  serve_block(two.a, {"SET " + two.key + " " + value}, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
}

TEST(a_transaction_is_bounded_as_one_request_is) {
  PlaneSetup setup;
  setup.settings.limits.request.frame_bytes_max = 1000;
  TwoServers two(setup);
  const std::string set = "SET " + two.key + " " + std::string(400, 'x');
  two.gather({set, set});
  CHECK_EQ(two.client.call(set),
           "-ERR the transaction is too large: at most 65533 commands and maxQueryBufferBytes "
           "(1000)\r\n");
  CHECK_EQ(two.client.call("EXEC"), kAborted);
}

TEST(a_large_result_arrives_whole_and_pushes_between_the_replies_count_for_nothing) {
  TwoServers two;
  const std::string get = "GET " + two.key;
  two.gather({get, get});
  two.client.ask("EXEC");
  const std::string push = ">1\r\n+push\r\n";
  const std::string result = array({std::string(70000, 'y'), std::string(200000, 'z')});
  serve_block(two.a, {get, get}, push + "+QUEUED\r\n" + push, result);
  CHECK_EQ(two.client.reply(), result);
}

TEST(commands_that_ran_because_multi_was_refused_are_confessed) {
  TwoServers two;
  const std::string set = "SET " + two.key + " 1";
  two.gather({set});
  two.client.ask("EXEC");
  two.a.serve("MULTI", "-NOPERM no\r\n");
  two.a.serve(set, "+OK\r\n");
  two.a.serve("EXEC", "-ERR EXEC without MULTI\r\n");
  CHECK_EQ(two.client.reply(),
           "-ERR MULTI was refused, but commands behind it were executed: -NOPERM no\r\n");
}

TEST(the_result_for_a_client_that_left_reaches_nobody_else) {
  TwoServers two;
  TestClient other = two.plane.connect_served();
  two.gather({"SET " + two.key + " 1"});
  two.client.ask("EXEC");
  const Call multi = two.a.take();
  const Call set = two.a.take();
  const Call exec = two.a.take();
  two.client.leave(true);
  two.plane.await(&WorkerCounters::clients, 1);
  other.ask("GET " + two.key);
  const Call get = two.a.take();
  two.a.reply(multi, "+OK\r\n");
  two.a.reply(set, "+QUEUED\r\n");
  two.a.reply(exec, "*1\r\n+OK\r\n");
  two.a.reply(get, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
}

TEST(a_fin_ends_an_open_transaction) {
  TwoServers two;
  two.gather({"SET " + two.key + " 1"});
  two.client.finish();
  CHECK(two.client.is_closed());
  CHECK_EQ(two.a.accepted(), 0);
}

TEST(an_open_transaction_is_not_idle) {
  TwoServers two;
  two.gather({"SET " + two.key + " 1"});
  two.plane.on_workers([](Worker& worker) { worker.leavers().add(100, Leaving::kNow); });
  two.client.ask("EXEC");
  serve_block(two.a, {"SET " + two.key + " 1"}, "+QUEUED\r\n", "*1\r\n+OK\r\n");
  CHECK_EQ(two.client.reply(), "*1\r\n+OK\r\n");
}

}  // namespace
}  // namespace slotgate::test
