// Maintenance notices: who is told, and where in the order of its replies.
#include "test/check.h"
#include "test/plane_pubsub_support.h"

namespace slotgate::test {
namespace {

const std::string kMoving = ">3\r\n" + bulk("MOVING") + ":1\r\n" + bulk("10.0.0.2:7000");

/// Pushes to the clients of these presentations.
void notify(TestPlane& plane, const std::string& frame, std::vector<std::uint16_t> numbers = {0},
            std::uint32_t database = 1, std::uint8_t kind = 1) {
  const auto notice = std::make_shared<const Notice>(Notice{{database, numbers}, kind, frame});
  plane.on_workers([&](Worker& worker) { worker.notices().start(notice); });
}

/// The client's INFO is answered with OK, and changes this about it.
void change(TestPlane& plane, TestClient& client, std::int16_t kind,
            ClientChange what = ClientChange::kNone) {
  client.ask("INFO");
  ControlAnswer answer;
  answer.reply = "+OK\r\n";
  answer.change = what;
  answer.notice_kind = kind;
  plane.answer(plane.take_control(), answer);
  CHECK_EQ(client.reply(), "+OK\r\n");
}

/// A RESP3 client that asked for notices.
TestClient listener(TestPlane& plane, std::int16_t kind = 1) {
  TestClient client = connect_resp3(plane);
  change(plane, client, kind);
  return client;
}

TEST(only_resp3_clients_that_asked_are_told) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  TestClient told = listener(plane);
  TestClient also_told = listener(plane);
  TestClient silent = connect_resp3(plane);
  TestClient resp2 = plane.connect_served();
  change(plane, resp2, 1);
  TestClient no_more = listener(plane);
  change(plane, no_more, 0);
  notify(plane, kMoving);
  CHECK_EQ(told.reply(), kMoving);
  CHECK_EQ(also_told.reply(), kMoving);
  plane.await(&WorkerCounters::notices, 2);
  for (TestClient* client : {&silent, &resp2, &no_more}) {
    CHECK_EQ(client->call("PING"), "+PONG\r\n");
  }
  CHECK_EQ(plane.sum(&WorkerCounters::notices), 2U);
}

TEST(a_reset_ends_it) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = listener(plane);
  change(plane, client, -1, ClientChange::kReset);
  (void)client.call("HELLO 3");
  notify(plane, kMoving);
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::notices), 0U);
}

TEST(the_place_of_a_listener_that_left_says_nothing_about_who_takes_it) {
  FakeServer a;
  TestPlane plane({&a});
  listener(plane).leave();
  plane.await(&WorkerCounters::clients, 0);
  TestClient next = connect_resp3(plane);
  notify(plane, kMoving);
  CHECK_EQ(next.call("PING"), "+PONG\r\n");
}

TEST(only_clients_of_the_presentations_are_told) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient zero = listener(plane);
  plane.set_rules({{std::nullopt, 1}});
  TestClient one = listener(plane);
  notify(plane, kMoving, {1, 2});
  notify(plane, kMoving, {0, 1}, 99);
  notify(plane, kMoving, {});
  CHECK_EQ(one.reply(), kMoving);
  CHECK_EQ(one.call("PING"), "+PONG\r\n");
  CHECK_EQ(zero.call("PING"), "+PONG\r\n");
}

TEST(each_kind_has_its_own_notice) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient one = listener(plane, 1);
  TestClient two = listener(plane, 2);
  // An answer that says nothing of it leaves it as it was.
  change(plane, two, -1);
  notify(plane, ">1\r\n:1\r\n", {0}, 1, 1);
  notify(plane, ">1\r\n:2\r\n", {0}, 1, 2);
  notify(plane, ">1\r\n:3\r\n", {0}, 1, 3);
  CHECK_EQ(one.reply(), ">1\r\n:1\r\n");
  CHECK_EQ(two.reply(), ">1\r\n:2\r\n");
  CHECK_EQ(one.call("PING"), "+PONG\r\n");
  CHECK_EQ(two.call("PING"), "+PONG\r\n");
}

TEST(a_notice_comes_between_replies_that_are_ready_and_those_that_are_not) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = listener(plane);
  client.send(request("GET x") + request("GET y"));
  const Call first = a.take();
  const Call second = a.take();
  a.reply(first, bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  notify(plane, kMoving);
  CHECK_EQ(client.reply(), kMoving);
  a.reply(second, bulk("2"));
  CHECK_EQ(client.reply(), bulk("2"));
}

TEST(a_notice_waits_for_the_end_of_a_reply_that_is_forwarded) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = listener(plane);
  client.ask("GET x");
  const Call call = a.take();
  const std::string large = bulk(std::string(300000, 'v'));
  a.reply(call, large.substr(0, 200000));
  plane.await(&WorkerCounters::streamed_replies, 1);
  notify(plane, kMoving);
  plane.await(&WorkerCounters::notices, 1);
  a.send_to(call.connection, large.substr(200000));
  CHECK(client.reply() == large);
  CHECK_EQ(client.reply(), kMoving);
}

TEST(notices_come_in_the_order_in_which_they_were_given) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = listener(plane);
  for (int i = 0; i < 20; ++i) notify(plane, ">1\r\n:" + std::to_string(i) + "\r\n");
  for (int i = 0; i < 20; ++i) CHECK_EQ(client.reply(), ">1\r\n:" + std::to_string(i) + "\r\n");
}

TEST(many_listeners_are_told_over_many_turns) {
  FakeServer a;
  TestPlane plane({&a});
  std::vector<TestClient> clients;
  for (int i = 0; i < 60; ++i) clients.push_back(listener(plane));
  notify(plane, kMoving);
  for (TestClient& client : clients) CHECK_EQ(client.reply(), kMoving);
  CHECK_EQ(plane.sum(&WorkerCounters::notices), 60U);
}

TEST(who_turned_replies_off_is_told_all_the_same) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = listener(plane);
  client.send(request("REPLY x OFF") + request("GET x"));
  const Call call = a.take();
  notify(plane, kMoving);
  CHECK_EQ(client.reply(), kMoving);
  a.reply(call, bulk("1"));
  CHECK(client.hears_nothing());
}

}  // namespace
}  // namespace slotgate::test
