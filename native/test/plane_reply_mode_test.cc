// CLIENT REPLY: replies that are not sent, and the order of those that are. The table's row is
// "reply client MODE", so that the mode is where it is in CLIENT REPLY MODE.
#include <atomic>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

std::string mode(const std::string& word) { return request("REPLY client " + word); }

TEST(skip_silences_exactly_the_next_command) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(mode("SKIP") + request("GET x1") + request("GET x2"));
  CHECK_EQ(client.reply(), bulk("x2"));
  client.send(request("GET x3") + mode("skip") + request("GET x4") + request("GET x5"));
  CHECK_EQ(client.reply(), bulk("x3"));
  CHECK_EQ(client.reply(), bulk("x5"));
}

TEST(skip_silences_errors_of_every_kind) {
  FakeServer a;
  TestPlane plane({&a, &a});
  TestClient client = plane.connect();
  client.send(mode("SKIP") + request("GET") + request("PING 1"));
  CHECK_EQ(client.reply(), bulk("1"));
  client.send(mode("SKIP") + request("RENAME " + plane.key_of(0) + " " + plane.key_of(1)) +
              request("PING 2"));
  CHECK_EQ(client.reply(), bulk("2"));
  client.send(mode("SKIP") + mode("nonsense") + request("PING 3"));
  CHECK_EQ(client.reply(), bulk("3"));
  client.send(mode("SKIP") + mode("SKIP") + request("PING 4") + request("PING 5"));
  CHECK_EQ(client.reply(), bulk("5"));
  client.send(mode("SKIP") + mode("ON"));
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(client.call("REPLY client nonsense"), "-ERR syntax error\r\n");
}

TEST(off_silences_until_on) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(call.arg(1)); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(mode("OFF") + request("GET x1") + request("PING") + mode("SKIP") + request("GET") +
              request("GET x2") + mode("ON") + request("GET x3"));
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(client.reply(), bulk("x3"));
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(silent_requests_are_executed_and_joined) {
  FakeServer a;
  FakeServer b;
  std::atomic<int> calls{0};
  const auto answer = [&](const Call& call) {
    ++calls;
    return call.arg(0) == "MGET" ? array({"v"}) : std::string("+OK\r\n");
  };
  a.answer_with(answer);
  b.answer_with(answer);
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  const std::string keys = plane.key_of(0) + " " + plane.key_of(1);
  client.send(mode("SKIP") + request("MGET " + keys) + request("MGET " + keys) + mode("SKIP") +
              request("MSET " + plane.key_of(0) + " 1 " + plane.key_of(1) + " 2") +
              request("PING"));
  CHECK_EQ(client.reply(), array({"v", "v"}));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK_EQ(calls.load(), 6);
}

TEST(a_silent_reply_of_many_chunks_is_thrown_away_while_it_arrives) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(mode("SKIP") + request("GET x1") + request("GET x2"));
  const Call first = a.take();
  const Call second = a.take();
  const std::string large = bulk(std::string(3 * 1024 * 1024, 'v'));
  a.send_to(first.connection, large.substr(0, large.size() / 2));
  CHECK(client.hears_nothing());
  a.send_to(first.connection, large.substr(large.size() / 2));
  a.reply(second, bulk("2"));
  CHECK_EQ(client.reply(), bulk("2"));
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(a_lost_link_ends_no_client_that_was_not_sent_the_reply) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(mode("OFF") + request("GET x"));
  const Call call = a.take();
  a.send_to(call.connection, "$2000000\r\n" + std::string(1000000, 'v'));
  CHECK(eventually([&] { return plane.sum(&WorkerCounters::link_bytes_in) > 1000000; }));
  a.close_connection(call.connection);
  a.serve("GET x", bulk("again"));
  client.send(mode("ON"));
  CHECK_EQ(client.reply(), "+OK\r\n");
}

TEST(a_client_that_quits_silently_is_closed) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(mode("OFF") + request("QUIT"));
  CHECK(client.is_closed());
}

TEST(a_reset_client_is_as_one_that_just_connected) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.users.push_back({"alice", "secret", true});
  setup.settings.client_must_authenticate = true;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  const auto answer = [&](const ControlAnswer& given) {
    const ControlRequest asked = plane.take_control();
    plane.answer(asked, given);
    return asked;
  };
  client.ask("AUTH alice secret");
  ControlAnswer login;
  login.reply = "+OK\r\n";
  login.user = 1;
  login.protocol = 3;
  login.renames = true;
  login.name = "me";
  answer(login);
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.send(mode("OFF") + request("RESET"));
  ControlAnswer reset;
  reset.reply = "+RESET\r\n";
  reset.change = ClientChange::kReset;
  const ControlRequest asked = answer(reset);
  CHECK_EQ(asked.client_name, "me");
  CHECK_EQ(asked.user, 1);
  CHECK_EQ(client.reply(), "+RESET\r\n");
  CHECK_EQ(client.call("PING"), "-NOAUTH Authentication required.\r\n");
  client.ask("AUTH alice secret");
  const ControlRequest again = answer(login);
  CHECK_EQ(again.client_name, "");
  CHECK_EQ(again.user, 0);
  CHECK_EQ(again.protocol, 2);
  CHECK_EQ(client.reply(), "+OK\r\n");
}

}  // namespace
}  // namespace slotgate::test
