// Clients with large replies, and new ones, keep nobody else waiting.
#include <algorithm>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

const std::string kLarge = bulk(std::string(256 * 1024, 'v'));
const std::string kSmall = bulk("v");

/// GETs, each answered with what `reply` says; the connections that they came over.
std::vector<int> connections_of(FakeServer& server, TestClient& client, int count,
                                const std::string& reply) {
  std::vector<int> connections;
  for (int i = 0; i < count; ++i) {
    client.ask("GET x");
    const Call call = server.take();
    connections.push_back(call.connection);
    server.reply(call, reply);
    CHECK(client.reply() == reply);
  }
  return connections;
}

TEST(the_first_request_of_a_client_goes_alone) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_unknown();
  client.send(request("GET 1") + request("GET 2") + request("GET 3"));
  const Call first = a.take();
  CHECK(client.hears_nothing());
  CHECK_EQ(a.waiting(), 0U);
  a.reply(first, kSmall);
  const Call second = a.take();
  const Call third = a.take();
  CHECK_EQ(second.arg(1), "2");
  a.reply(second, bulk("two"));
  a.reply(third, bulk("three"));
  CHECK_EQ(client.reply(), kSmall);
  CHECK_EQ(client.reply(), bulk("two"));
  CHECK_EQ(client.reply(), bulk("three"));
}

TEST(local_answers_say_nothing_about_a_client) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_unknown();
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  TestClient known = plane.connect();
  const int usual = connections_of(a, known, 1, kSmall).front();
  const std::vector<int> asked = connections_of(a, client, 2, kSmall);
  CHECK(asked[0] != usual);
  CHECK_EQ(asked[1], usual);
}

TEST(large_replies_have_a_link_of_their_own) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient small = plane.connect_unknown();
  TestClient large = plane.connect_unknown();
  const int usual = connections_of(a, small, 2, kSmall).back();
  const std::vector<int> first = connections_of(a, large, 3, kLarge);
  CHECK(first[0] != usual);
  CHECK(first[1] != usual);
  CHECK(first[1] != first[0]);
  CHECK_EQ(first[2], first[1]);
  CHECK_EQ(connections_of(a, small, 1, kSmall).front(), usual);
}

TEST(a_client_comes_back_when_its_replies_are_small_again) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  const int usual = connections_of(a, client, 2, kLarge).front();
  const std::vector<int> after = connections_of(a, client, 40, kSmall);
  CHECK(after.front() != usual);
  CHECK_EQ(after.back(), usual);
  // One large reply among small ones changes nothing before it is there.
  CHECK_EQ(connections_of(a, client, 1, kLarge).front(), usual);
}

TEST(a_client_changes_lanes_only_when_nothing_is_under_way) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(times(3, request("GET x")));
  const Call one = a.take();
  const Call two = a.take();
  const Call three = a.take();
  a.reply(one, kLarge);
  CHECK(client.reply() == kLarge);
  client.ask("GET y");
  CHECK(client.hears_nothing());
  CHECK_EQ(a.waiting(), 0U);
  a.reply(two, kSmall);
  a.reply(three, kSmall);
  const Call four = a.take();
  CHECK_EQ(four.arg(1), "y");
  CHECK(four.connection != one.connection);
  a.reply(four, kSmall);
  for (int i = 0; i < 3; ++i) CHECK_EQ(client.reply(), kSmall);
}

TEST(a_client_of_large_replies_has_few_requests_in_flight) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_unknown();
  client.send(times(30, request("GET x")));
  a.reply(a.take(), kLarge);
  CHECK(client.reply() == kLarge);
  const std::size_t most = kWindowReplyBytes / kLarge.size();
  for (int i = 1; i < 30; ++i) {
    a.serve("GET x", kLarge);
    CHECK(client.reply() == kLarge);
    CHECK(a.waiting() <= most);
  }
}

TEST(the_window_grows_while_the_client_keeps_up) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_unknown();
  client.send(times(40, request("GET x")));
  std::size_t most = 0;
  for (std::size_t answered = 0; answered < 40; ++answered) {
    CHECK(eventually([&] { return a.waiting() != 0; }));
    most = std::max(most, a.waiting());
    CHECK(a.waiting() <= std::max<std::size_t>(1, 2 * answered));
    a.serve("GET x", kSmall);
    CHECK_EQ(client.reply(), kSmall);
  }
  CHECK(most >= 8);
}

TEST(who_sends_large_requests_may_ask_for_as_much) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  const int usual = connections_of(a, client, 1, kSmall).front();
  client.send(multibulk({"SET", "x", std::string(4 * kLargeReplyBytes, 'v')}));
  const Call set = a.take();
  a.reply(set, "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK(connections_of(a, client, 1, kSmall).front() != usual);
}

TEST(clients_that_never_read_keep_nobody_waiting) {
  FakeServer a;
  a.answer_with([](const Call& call) { return call.arg(1) == "large" ? kLarge : kSmall; });
  TestPlane plane({&a});
  TestClient before = plane.connect_unknown();
  CHECK_EQ(before.call("GET x"), kSmall);
  std::vector<TestClient> stalled;
  for (int i = 0; i < 20; ++i) {
    stalled.push_back(plane.connect_unknown());
    stalled.back().send(times(200, request("GET large")));
  }
  for (int i = 0; i < 50; ++i) CHECK_EQ(before.call("GET x"), kSmall);
  TestClient after = plane.connect_unknown();
  for (int i = 0; i < 50; ++i) CHECK_EQ(after.call("GET x"), kSmall);
  // None has more than the kernel's buffers, a backlog and what it had asked for.
  CHECK(plane.sum(&WorkerCounters::requests) < 20U * 100U);
}

TEST(a_server_is_given_few_requests_at_once_of_which_nothing_is_known) {
  FakeServer a;
  TestPlane plane({&a});
  std::vector<TestClient> clients;
  for (std::uint32_t i = 0; i < 3 * kLaneRequests; ++i) {
    clients.push_back(plane.connect_unknown());
    clients.back().ask("GET x");
  }
  for (std::size_t left = clients.size(); left != 0; --left) {
    const std::size_t most = std::min<std::size_t>(left, kLaneRequests);
    if (!eventually([&] { return a.waiting() == most; })) CHECK_EQ(a.waiting(), most);
    a.serve("GET x", kSmall);
  }
  for (TestClient& client : clients) CHECK_EQ(client.reply(), kSmall);
}

TEST(joined_replies_count_as_one) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  const std::string value = bulk(std::string(40 * 1024, 'v'));
  const std::string line = "MGET " + plane.key_of(0) + " " + plane.key_of(1);
  const auto serve = [&](FakeServer& server) {
    const Call call = server.take();
    server.reply(call, "*1\r\n" + value);
    return call.connection;
  };
  client.ask(line);
  const int usual = serve(a);
  serve(b);
  CHECK(client.reply() == "*2\r\n" + value + value);
  client.ask(line);
  CHECK(serve(a) != usual);
  serve(b);
  CHECK(client.reply() == "*2\r\n" + value + value);
}

TEST(without_room_for_another_link_all_share_one) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.limits.links_per_server_max = 1;
  TestPlane plane({&a}, setup);
  TestClient first = plane.connect_unknown();
  const int usual = connections_of(a, first, 2, kSmall).front();
  TestClient client = plane.connect_unknown();
  for (const int connection : connections_of(a, client, 5, kLarge)) CHECK_EQ(connection, usual);
  CHECK_EQ(connections_of(a, first, 1, kSmall).front(), usual);
  CHECK_EQ(a.accepted(), 1);
}

TEST(what_waited_for_a_link_that_was_refused_goes_over_the_usual_one) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient known = plane.connect();
  const int usual = connections_of(a, known, 1, kSmall).front();
  a.refuse(true);
  TestClient client = plane.connect_unknown();
  client.ask("SET x 1");
  const Call set = a.take();
  CHECK_EQ(set.connection, usual);
  a.refuse(false);
  a.reply(set, "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
}

}  // namespace
}  // namespace slotgate::test
