// Pub/sub as clients see it.
#include "test/check.h"
#include "test/plane_pubsub_support.h"

namespace slotgate::test {
namespace {

struct OneServer {
  explicit OneServer(PlaneSetup setup = {}) : plane({&a}, std::move(setup)) {}

  FakeServer a;
  TestPlane plane;
  TestClient client = plane.connect();

  /// Subscribes the client to one channel.
  Call subscribed(const std::string& channel) {
    client.ask("SUBSCRIBE " + channel);
    Call call = confirm(a, "subscribe " + channel);
    CHECK_EQ(client.reply(), array_of({"subscribe", channel}, 1));
    return call;
  }
};

TEST(a_subscription_is_confirmed_when_the_server_has_confirmed_it) {
  OneServer one;
  one.client.ask("SUBSCRIBE news");
  const Call asked = one.a.take();
  CHECK_EQ(asked.text(), "subscribe news");
  CHECK(one.client.hears_nothing());
  one.a.reply(asked, push_of({"subscribe", "news"}, 1));
  CHECK_EQ(one.client.reply(), array_of({"subscribe", "news"}, 1));
}

TEST(many_subscribers_share_one_link) {
  OneServer one;
  const Call asked = one.subscribed("news");
  TestClient second = one.plane.connect();
  join(second, one.a, "news");
  TestClient third = connect_resp3(one.plane);
  third.ask("SUBSCRIBE news");
  (void)confirm(one.a, "subscribe news");
  CHECK_EQ(third.reply(), push_of({"subscribe", "news"}, 1));
  CHECK_EQ(one.a.accepted(), 1);
  one.a.reply(asked, push_of({"message", "news", "hello"}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "hello"}));
  CHECK_EQ(second.reply(), array_of({"message", "news", "hello"}));
  CHECK_EQ(third.reply(), push_of({"message", "news", "hello"}));
}

TEST(what_was_published_before_a_subscription_is_not_for_it) {
  OneServer one;
  (void)one.subscribed("news");
  TestClient second = one.plane.connect();
  second.ask("SUBSCRIBE news");
  const Call asked = one.a.take();
  one.a.reply(asked, push_of({"message", "news", "earlier"}) + push_of({"subscribe", "news"}, 1) +
                         push_of({"message", "news", "later"}));
  CHECK_EQ(second.reply(), array_of({"subscribe", "news"}, 1));
  CHECK_EQ(second.reply(), array_of({"message", "news", "later"}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "earlier"}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "later"}));
}

TEST(every_name_is_confirmed_with_the_count_that_a_server_gives) {
  OneServer one;
  (void)one.subscribed("first");
  CHECK_EQ(one.client.call("UNSUBSCRIBE first"), array_of({"unsubscribe", "first"}, 0));
  one.client.ask("SUBSCRIBE x y x");
  (void)confirm(one.a, "subscribe x");
  CHECK(one.client.hears_nothing());
  (void)confirm(one.a, "subscribe y");
  CHECK_EQ(one.client.reply(), array_of({"subscribe", "x"}, 1));
  CHECK_EQ(one.client.reply(), array_of({"subscribe", "y"}, 2));
  CHECK_EQ(one.client.reply(), array_of({"subscribe", "x"}, 2));
  one.client.ask("PSUBSCRIBE n*");
  (void)confirm(one.a, "psubscribe n*");
  CHECK_EQ(one.client.reply(), array_of({"psubscribe", "n*"}, 3));
  one.client.ask("SSUBSCRIBE s");
  (void)confirm(one.a, "ssubscribe s");
  CHECK_EQ(one.client.reply(), array_of({"ssubscribe", "s"}, 1));
  CHECK_EQ(one.client.call("UNSUBSCRIBE x nobody"), array_of({"unsubscribe", "x"}, 2));
  CHECK_EQ(one.client.reply(), array_of({"unsubscribe", "nobody"}, 2));
  CHECK_EQ(one.client.call("SUNSUBSCRIBE"), array_of({"sunsubscribe", "s"}, 0));
  CHECK_EQ(one.client.call("UNSUBSCRIBE"), array_of({"unsubscribe", "y"}, 1));
  CHECK_EQ(one.client.call("PUNSUBSCRIBE"), array_of({"punsubscribe", "n*"}, 0));
  CHECK_EQ(one.client.call("PUNSUBSCRIBE"), "*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n");
  TestClient third = connect_resp3(one.plane);
  CHECK_EQ(third.call("UNSUBSCRIBE"), ">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n");
}

TEST(a_message_goes_to_channels_and_patterns_as_the_server_sends_it) {
  OneServer one;
  const Call asked = one.subscribed("news");
  TestClient matching = one.plane.connect();
  matching.ask("PSUBSCRIBE n*");
  (void)confirm(one.a, "psubscribe n*");
  CHECK_EQ(matching.reply(), array_of({"psubscribe", "n*"}, 1));
  one.a.reply(asked, push_of({"message", "news", "1"}) + push_of({"pmessage", "n*", "news", "1"}) +
                         push_of({"message", "other", "2"}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "1"}));
  CHECK_EQ(matching.reply(), array_of({"pmessage", "n*", "news", "1"}));
  CHECK(one.client.hears_nothing());
  CHECK(matching.hears_nothing());
}

TEST(a_large_message_arrives_whole) {
  OneServer one;
  const Call asked = one.subscribed("news");
  const std::string large(3U * 1024 * 1024, 'm');
  one.a.reply(asked, push_of({"message", "news", large}) + push_of({"message", "news", "small"}));
  CHECK(one.client.reply() == array_of({"message", "news", large}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "small"}));
}

TEST(an_unused_subscription_ends_after_a_moment) {
  OneServer one;
  (void)one.subscribed("news");
  CHECK_EQ(one.client.call("UNSUBSCRIBE news"), array_of({"unsubscribe", "news"}, 0));
  join(one.client, one.a, "news");
  one.client.leave();
  (void)confirm(one.a, "unsubscribe news");
  TestClient next = one.plane.connect();
  next.ask("SUBSCRIBE news");
  (void)confirm(one.a, "subscribe news");
  CHECK_EQ(next.reply(), array_of({"subscribe", "news"}, 1));
  CHECK_EQ(one.a.accepted(), 1);
}

TEST(a_resp2_subscriber_may_do_little) {
  OneServer one;
  (void)one.subscribed("news");
  CHECK_EQ(one.client.call("GET x"),
           "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
           "are allowed in this context\r\n");
  CHECK_EQ(one.client.call("PING"), array({"pong", ""}));
  CHECK_EQ(one.client.call("PING hi"), array({"pong", "hi"}));
  CHECK_EQ(one.client.call("UNSUBSCRIBE"), array_of({"unsubscribe", "news"}, 0));
  CHECK_EQ(one.client.call("PING"), "+PONG\r\n");
  join(one.client, one.a, "news");
  CHECK_EQ(one.client.call("QUIT"), "+OK\r\n");
  CHECK(one.client.is_closed());
}

TEST(a_resp3_subscriber_may_do_everything) {
  OneServer one;
  TestClient client = connect_resp3(one.plane);
  client.ask("SUBSCRIBE news");
  const Call asked = confirm(one.a, "subscribe news");
  CHECK_EQ(client.reply(), push_of({"subscribe", "news"}, 1));
  client.send(request("GET x") + request("PING"));
  const Call get = one.a.take();
  one.a.reply(asked, push_of({"message", "news", "1"}));
  CHECK_EQ(client.reply(), push_of({"message", "news", "1"}));
  one.a.reply(get, bulk("2"));
  CHECK_EQ(client.reply(), bulk("2"));
  CHECK_EQ(client.reply(), "+PONG\r\n");
}

TEST(a_message_never_stands_within_a_reply) {
  OneServer one;
  TestClient client = connect_resp3(one.plane);
  client.ask("SUBSCRIBE news");
  const Call asked = confirm(one.a, "subscribe news");
  CHECK_EQ(client.reply(), push_of({"subscribe", "news"}, 1));
  const std::string value(600'000, 'v');
  const std::string reply = bulk(value);
  client.ask("GET x");
  const Call get = one.a.take();
  one.a.reply(get, reply.substr(0, 400'000));
  one.plane.await(&WorkerCounters::streamed_replies, 1);
  one.a.reply(asked, push_of({"message", "news", "1"}));
  one.plane.await(&WorkerCounters::messages_delivered, 1);
  one.a.reply(get, reply.substr(400'000));
  CHECK(client.reply() == reply);
  CHECK_EQ(client.reply(), push_of({"message", "news", "1"}));
}

TEST(a_message_is_behind_the_replies_that_are_ready) {
  OneServer one;
  TestClient client = connect_resp3(one.plane);
  client.ask("SUBSCRIBE news");
  const Call asked = confirm(one.a, "subscribe news");
  CHECK_EQ(client.reply(), push_of({"subscribe", "news"}, 1));
  for (int i = 0; i < 20; ++i) {
    client.ask("PUBLISH news 1");
    const Call published = one.a.take();
    // Both may be read in one turn, in either order: the reply is never torn, and none is lost.
    one.a.reply(published, ":1\r\n");
    one.a.reply(asked, push_of({"message", "news", "1"}));
    std::string both = client.reply();
    both += client.reply();
    const std::string message = push_of({"message", "news", "1"});
    CHECK(both == ":1\r\n" + message || both == message + ":1\r\n");
  }
}

TEST(what_the_server_refuses_is_refused_in_its_words) {
  OneServer one;
  const std::string words =
      "-NOPERM this user has no permissions to access one of the channels used as arguments\r\n";
  TestClient other = one.plane.connect();
  other.ask("SUBSCRIBE other");
  (void)confirm(one.a, "subscribe other");
  one.client.ask("SUBSCRIBE mine yours");
  (void)confirm(one.a, "subscribe mine");
  one.a.serve("subscribe yours", words);
  CHECK_EQ(one.client.reply(), words);
  CHECK_EQ(one.client.call("PING"), "+PONG\r\n");
  (void)confirm(one.a, "unsubscribe mine");
}

TEST(rights_that_were_lost_meanwhile_close_nobody) {
  OneServer one;
  const Call asked = one.subscribed("news");
  TestClient second = one.plane.connect();
  second.ask("SUBSCRIBE news");
  const std::string words =
      "-NOPERM User default has no permissions to run the 'subscribe' command\r\n";
  one.a.serve("subscribe news", words);
  CHECK_EQ(second.reply(), words);
  one.a.reply(asked, push_of({"message", "news", "1"}));
  CHECK_EQ(one.client.reply(), array_of({"message", "news", "1"}));
}

TEST(whoever_leaves_before_the_confirmation_disturbs_nobody) {
  OneServer one;
  one.client.ask("SUBSCRIBE news");
  const Call asked = one.a.take();
  TestClient stays = one.plane.connect();
  stays.ask("SUBSCRIBE news");
  one.plane.await(&WorkerCounters::requests, 2);
  one.client.leave(true);
  one.plane.await(&WorkerCounters::clients, 1);
  one.a.reply(asked, push_of({"subscribe", "news"}, 1) + push_of({"message", "news", "0"}));
  const Call own = one.a.take();
  one.a.reply(own, push_of({"subscribe", "news"}, 1) + push_of({"message", "news", "1"}));
  CHECK_EQ(stays.reply(), array_of({"subscribe", "news"}, 1));
  CHECK_EQ(stays.reply(), array_of({"message", "news", "1"}));
}

TEST(what_follows_a_subscribe_waits_for_its_confirmation) {
  OneServer one;
  TestClient client = connect_resp3(one.plane);
  client.send(request("SUBSCRIBE news") + request("PING"));
  const Call asked = one.a.take();
  CHECK(client.hears_nothing());
  one.a.reply(asked, push_of({"subscribe", "news"}, 1));
  CHECK_EQ(client.reply(), push_of({"subscribe", "news"}, 1));
  CHECK_EQ(client.reply(), "+PONG\r\n");
}

TEST(a_subscriber_that_does_not_read_is_closed) {
  PlaneSetup setup;
  setup.settings.limits.subscriber_output_bytes_max = 256U * 1024;
  OneServer one(std::move(setup));
  const Call asked = one.subscribed("news");
  TestClient reads = one.plane.connect();
  join(reads, one.a, "news");
  const std::string message(64U * 1024, 'm');
  for (int i = 0; i < 400 && one.plane.sum(&WorkerCounters::slow_subscribers_closed) == 0; ++i) {
    one.a.reply(asked, push_of({"message", "news", message}));
    CHECK(reads.reply() == array_of({"message", "news", message}));
  }
  CHECK_EQ(one.plane.sum(&WorkerCounters::slow_subscribers_closed), 1U);
  one.plane.await(&WorkerCounters::clients, 1);
}

TEST(a_burst_to_many_subscribers_reaches_them_all) {
  OneServer one;
  const Call asked = one.subscribed("news");
  std::vector<TestClient> others;
  for (int i = 0; i < 200; ++i) {
    others.push_back(one.plane.connect());
    join(others.back(), one.a, "news");
  }
  std::string burst;
  for (int i = 0; i < 50; ++i) burst += push_of({"message", "news", std::to_string(i)});
  one.a.reply(asked, burst);
  for (TestClient& other : others) {
    for (int i = 0; i < 50; ++i) {
      CHECK_EQ(other.reply(), array_of({"message", "news", std::to_string(i)}));
    }
  }
}

}  // namespace
}  // namespace slotgate::test
