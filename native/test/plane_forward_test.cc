// Requests go to the owner of their slot; replies come back in the order of the requests.
#include <unistd.h>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/random.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

/// Answers any request with its key, after up to half a millisecond.
FakeServer::Handler slow_echo(std::uint64_t seed) {
  return [random = std::make_shared<Random>(seed)](const Call& call) {
    usleep(static_cast<useconds_t>(random->below(500)));
    return bulk(call.arg(1));
  };
}

TEST(replies_keep_the_order_of_requests_over_three_servers) {
  FakeServer a;
  FakeServer b;
  FakeServer c;
  a.answer_with(slow_echo(1));
  b.answer_with(slow_echo(2));
  c.answer_with(slow_echo(3));
  TestPlane plane({&a, &b, &c});
  Random random(4);
  std::vector<TestClient> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(plane.connect());
  constexpr int kRequests = 300;
  for (TestClient& client : clients) {
    std::string pipeline;
    for (int i = 0; i < kRequests; ++i) pipeline += request("GET k" + std::to_string(i));
    while (!pipeline.empty()) {
      const std::size_t cut = std::min(pipeline.size(), 1 + random.below(2000));
      client.send(pipeline.substr(0, cut));
      pipeline.erase(0, cut);
    }
  }
  for (TestClient& client : clients) {
    for (int i = 0; i < kRequests; ++i) CHECK_EQ(client.reply(), bulk("k" + std::to_string(i)));
  }
  CHECK_EQ(a.accepted() + b.accepted() + c.accepted(), 3);
}

TEST(a_pipeline_cut_at_every_byte_gives_the_same_replies) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  const std::string pipeline =
      request("GET x") + "PING\r\n" + request("MGET y z") + request("GET w");
  for (const char byte : pipeline) client.send(std::string_view(&byte, 1));
  CHECK_EQ(client.reply(), bulk("x"));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK(client.reply().starts_with("-ERR a server answered with"));
  CHECK_EQ(client.reply(), bulk("w"));
}

TEST(local_answers_and_refusals_wait_for_their_place) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("GET x") + request("PING") + request("RENAME x y") + request("GET"));
  const Call held = a.take();
  CHECK(client.hears_nothing());
  a.reply(held, bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK_EQ(client.reply(), "-CROSSSLOT Keys in request don't hash to the same slot\r\n");
  CHECK_EQ(client.reply(), "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(a.stays_quiet());
}

TEST(requests_without_keys_go_to_one_server_per_client) {
  FakeServer a;
  FakeServer b;
  a.answer_with([](const Call&) { return bulk("a"); });
  b.answer_with([](const Call&) { return bulk("b"); });
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  const std::string home = client.call("RANDOMKEY");
  for (int i = 0; i < 5; ++i) CHECK_EQ(client.call("RANDOMKEY"), home);
  CHECK_EQ(client.call("EVAL return 0"), home);
}

TEST(a_protocol_error_is_answered_last_and_closes) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("GET x") + "*1\r\n$-5\r\n" + request("GET y"));
  a.serve("GET x", bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK_EQ(client.reply(), "-ERR Protocol error: invalid bulk length\r\n");
  CHECK(client.is_closed());
  CHECK(a.stays_quiet());
}

TEST(quit_answers_what_came_before_and_closes) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("GET x") + request("QUIT") + request("GET y"));
  CHECK_EQ(client.reply(), bulk("x"));
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK(client.is_closed());
}

TEST(a_client_that_leaves_disturbs_nobody) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient stays = plane.connect();
  for (const bool reset : {false, true}) {
    TestClient leaves = plane.connect();
    leaves.send(request("GET gone") + "*2\r\n$3\r\nGE");
    const Call unread = a.take();
    stays.ask("GET mine");
    const Call mine = a.take();
    leaves.leave(reset);
    // A FIN may be half a close: the reply is sent. A RST is the end.
    if (reset) plane.await(&WorkerCounters::clients, 1);
    a.reply(unread, bulk("gone"));
    a.reply(mine, bulk("mine"));
    CHECK_EQ(stays.reply(), bulk("mine"));
    plane.await(&WorkerCounters::clients, 1);
  }
  CHECK_EQ(plane.sum(&WorkerCounters::discarded_replies), 1U);
}

TEST(after_a_fin_everything_received_is_answered) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("SET x 1") + request("GET x"));
  client.finish();
  a.serve("SET x 1", "+OK\r\n");
  a.serve("GET x", bulk("1"));
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK(client.is_closed());
}

}  // namespace
}  // namespace slotgate::test
