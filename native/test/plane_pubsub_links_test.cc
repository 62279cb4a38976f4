// Pub/sub at the servers: homes, shards, keyspace events, lost links, counts.
#include "test/check.h"
#include "test/plane_pubsub_support.h"

namespace slotgate::test {
namespace {

struct TwoServers {
  explicit TwoServers(PlaneSetup setup = {}) : plane({&a, &b}, std::move(setup)) {}

  FakeServer a;  ///< the home: it has slot 0
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();

  /// Gives slot 0, and with it the home, to `server`.
  void move_home(std::uint16_t server) {
    plane.assign(0, server);
    plane.publish();
  }
};

TEST(subscriptions_are_restored_when_the_link_is_lost) {
  TwoServers two;
  two.client.ask("SUBSCRIBE news");
  const Call first = confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
  two.a.close_connection(first.connection);
  const Call again = confirm(two.a, "subscribe news");
  two.a.reply(again, push_of({"message", "news", "1"}));
  CHECK_EQ(two.client.reply(), array_of({"message", "news", "1"}));
}

TEST(a_subscription_that_was_never_answered_is_asked_for_again) {
  TwoServers two;
  two.client.ask("SUBSCRIBE news");
  const Call first = two.a.take();
  two.a.close_connection(first.connection);
  (void)confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
}

TEST(a_subscription_that_nobody_takes_fails_in_time) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 300;
  TwoServers two(std::move(setup));
  two.a.refuse(true);
  CHECK(two.client.call("SUBSCRIBE news")
            .starts_with("-CLUSTERDOWN no connection to " + two.a.endpoint() + ": "));
  two.plane.assign(slot_of("s"), RouteSnapshot::kNobody);
  two.plane.publish();
  CHECK_EQ(two.client.call("SSUBSCRIBE s"), "-CLUSTERDOWN Hash slot not served\r\n");
  CHECK_EQ(two.client.call("PING"), "+PONG\r\n");
}

TEST(when_the_home_moves_messages_come_from_one_server_at_a_time) {
  TwoServers two;
  two.client.ask("SUBSCRIBE news");
  const Call old = confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
  two.move_home(1);
  const Call next = two.b.take();
  CHECK_EQ(next.text(), "subscribe news");
  two.a.reply(old, push_of({"message", "news", "1"}));
  CHECK_EQ(two.client.reply(), array_of({"message", "news", "1"}));
  two.b.reply(next, push_of({"message", "news", "early"}) + push_of({"subscribe", "news"}, 1));
  CHECK_EQ(two.a.take().text(), "unsubscribe news");
  two.a.reply(old, push_of({"message", "news", "late"}) + push_of({"unsubscribe", "news"}, 0));
  two.b.reply(next, push_of({"message", "news", "2"}));
  CHECK_EQ(two.client.reply(), array_of({"message", "news", "2"}));
  CHECK(two.client.hears_nothing());
}

TEST(a_dead_home_is_left_for_the_new_one) {
  TwoServers two;
  two.client.ask("SUBSCRIBE news");
  (void)confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
  two.a.refuse(true);
  two.a.close_connections();
  two.plane.await(&WorkerCounters::links, 0);
  two.move_home(1);
  const Call next = confirm(two.b, "subscribe news");
  two.b.reply(next, push_of({"message", "news", "1"}));
  CHECK_EQ(two.client.reply(), array_of({"message", "news", "1"}));
}

TEST(keyspace_events_come_from_every_primary) {
  TwoServers two;
  two.client.ask("PSUBSCRIBE __key*");
  const Call home = confirm(two.a, "psubscribe __key*");
  CHECK(two.client.hears_nothing());
  const Call other = confirm(two.b, "psubscribe __key*");
  CHECK_EQ(two.client.reply(), array_of({"psubscribe", "__key*"}, 1));
  const auto event = [](const std::string& channel, const std::string& text) {
    return push_of({"pmessage", "__key*", channel, text});
  };
  two.a.reply(home, event("__keyspace@0__:x", "set"));
  CHECK_EQ(two.client.reply(), array_of({"pmessage", "__key*", "__keyspace@0__:x", "set"}));
  // What was published reaches both servers.
  two.b.reply(other, event("__keyring", "1") + event("__keyevent@0__:del", "y"));
  CHECK_EQ(two.client.reply(), array_of({"pmessage", "__key*", "__keyevent@0__:del", "y"}));
  two.a.reply(home, event("__keyring", "1"));
  CHECK_EQ(two.client.reply(), array_of({"pmessage", "__key*", "__keyring", "1"}));
}

TEST(ordinary_channels_are_subscribed_at_home_only) {
  TwoServers two;
  two.client.ask("PSUBSCRIBE n*");
  (void)confirm(two.a, "psubscribe n*");
  CHECK_EQ(two.client.reply(), array_of({"psubscribe", "n*"}, 1));
  CHECK(two.b.stays_quiet());
}

TEST(shard_channels_are_subscribed_at_the_owner_of_their_slot) {
  TwoServers two;
  const std::string there = two.plane.key_of(1);
  two.client.ask("SSUBSCRIBE " + there);
  const Call call = confirm(two.b, "ssubscribe " + there);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", there}, 1));
  two.b.reply(call, push_of({"smessage", there, "1"}));
  CHECK_EQ(two.client.reply(), array_of({"smessage", there, "1"}));
  TestClient other = two.plane.connect();
  CHECK_EQ(other.call("SSUBSCRIBE " + there + " " + two.plane.key_of(0)),
           "-CROSSSLOT Keys in request don't hash to the same slot\r\n");
}

TEST(a_redirect_of_a_shard_channel_is_followed) {
  TwoServers two;
  const std::string name = two.plane.key_of(0);
  two.client.ask("SSUBSCRIBE " + name);
  two.a.serve("ssubscribe " + name, moved(name, two.b));
  (void)confirm(two.b, "ssubscribe " + name);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", name}, 1));
}

TEST(a_slot_that_moves_takes_its_channels_along_unseen) {
  TwoServers two;
  const std::string name = two.plane.key_of(0);
  two.client.ask("SSUBSCRIBE " + name);
  const Call first = confirm(two.a, "ssubscribe " + name);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", name}, 1));
  two.a.reply(first, push_of({"sunsubscribe", name}, 0));
  two.a.serve("ssubscribe " + name, moved(name, two.b));
  const Call next = confirm(two.b, "ssubscribe " + name);
  two.b.reply(next, push_of({"smessage", name, "1"}));
  CHECK_EQ(two.client.reply(), array_of({"smessage", name, "1"}));
  // The next time the topology tells it first.
  two.plane.assign(slot_of(name), 0);
  two.plane.publish();
  const Call back = confirm(two.a, "ssubscribe " + name);
  (void)confirm(two.b, "sunsubscribe " + name);
  two.a.reply(back, push_of({"smessage", name, "2"}));
  CHECK_EQ(two.client.reply(), array_of({"smessage", name, "2"}));
}

TEST(when_a_shard_channel_moves_messages_come_from_one_server_at_a_time) {
  TwoServers two;
  const std::string name = two.plane.key_of(0);
  two.client.ask("SSUBSCRIBE " + name);
  const Call old = confirm(two.a, "ssubscribe " + name);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", name}, 1));
  two.plane.assign(slot_of(name), 1);
  two.plane.publish();
  const Call next = two.b.take();
  CHECK_EQ(next.text(), "ssubscribe " + name);
  two.a.reply(old, push_of({"smessage", name, "1"}));
  CHECK_EQ(two.client.reply(), array_of({"smessage", name, "1"}));
  two.b.reply(next, push_of({"ssubscribe", name}, 1) + push_of({"smessage", name, "2"}));
  CHECK_EQ(two.client.reply(), array_of({"smessage", name, "2"}));
  two.a.reply(old, push_of({"smessage", name, "2"}));
  CHECK(two.client.hears_nothing());
}

TEST(a_server_that_cannot_yet_is_asked_again) {
  TwoServers two;
  const std::string name = two.plane.key_of(0);
  two.client.ask("SSUBSCRIBE " + name);
  two.a.serve("ssubscribe " + name, "-CLUSTERDOWN The cluster is down\r\n");
  (void)confirm(two.a, "ssubscribe " + name);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", name}, 1));
}

TEST(rights_that_are_taken_away_close_the_subscriber) {
  TwoServers two;
  two.client.ask("SUBSCRIBE news");
  const Call first = confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
  two.a.close_connection(first.connection);
  two.a.serve("subscribe news", "-NOPERM no permissions to access a channel\r\n");
  CHECK(two.client.is_closed());
}

TEST(publish_goes_home_and_counts_clients_not_links) {
  TwoServers two;
  TestClient publisher = two.plane.connect();
  publisher.ask("PUBLISH news 1");
  two.a.serve("PUBLISH news 1", ":5\r\n");
  CHECK_EQ(publisher.reply(), ":5\r\n");
  two.client.ask("SUBSCRIBE news");
  (void)confirm(two.a, "subscribe news");
  CHECK_EQ(two.client.reply(), array_of({"subscribe", "news"}, 1));
  two.client.ask("PSUBSCRIBE n* new?");
  const Call pattern = two.a.take();
  const Call other = two.a.take();
  for (const Call& call : {pattern, other}) {
    two.a.reply(call, push_of({"psubscribe", call.arg(1)}, 1));
  }
  CHECK_EQ(two.client.reply(), array_of({"psubscribe", "n*"}, 2));
  CHECK_EQ(two.client.reply(), array_of({"psubscribe", "new?"}, 3));
  TestClient second = two.plane.connect();
  join(second, two.a, "news");
  // Two clients of the server itself, and our link three times; four subscriptions here.
  publisher.ask("PUBLISH news 2");
  two.a.serve("PUBLISH news 2", ":5\r\n");
  CHECK_EQ(publisher.reply(), ":6\r\n");
  publisher.ask("PUBLISH other 3");
  two.a.serve("PUBLISH other 3", ":0\r\n");
  CHECK_EQ(publisher.reply(), ":0\r\n");
  publisher.ask("PUBLISH news 4");
  two.a.serve("PUBLISH news 4", "-NOPERM no\r\n");
  CHECK_EQ(publisher.reply(), "-NOPERM no\r\n");
}

TEST(shard_publish_goes_to_the_slot_and_counts_its_own_kind) {
  TwoServers two;
  const std::string name = two.plane.key_of(1);
  two.client.ask("SSUBSCRIBE " + name);
  (void)confirm(two.b, "ssubscribe " + name);
  CHECK_EQ(two.client.reply(), array_of({"ssubscribe", name}, 1));
  TestClient second = two.plane.connect();
  second.ask("SSUBSCRIBE " + name);
  (void)confirm(two.b, "ssubscribe " + name);
  CHECK_EQ(second.reply(), array_of({"ssubscribe", name}, 1));
  TestClient publisher = two.plane.connect();
  publisher.ask("SPUBLISH " + name + " 1");
  two.b.serve("SPUBLISH " + name + " 1", ":1\r\n");
  CHECK_EQ(publisher.reply(), ":2\r\n");
}

TEST(the_receivers_of_all_workers_are_counted) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  a.answer_with([](const Call& call) -> std::optional<std::string> {
    if (call.arg(0) == "subscribe") return push_of({"subscribe", call.arg(1)}, 1);
    return ":2\r\n";
  });
  TestPlane plane({&a}, std::move(setup));
  std::vector<TestClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(plane.connect_served());
    CHECK_EQ(clients.back().call("SUBSCRIBE news"), array_of({"subscribe", "news"}, 1));
  }
  CHECK_EQ(plane.connect().call("PUBLISH news 1"), ":8\r\n");
  for (int left = 7; left >= 6; --left) {
    CHECK_EQ(clients.back().call("UNSUBSCRIBE"), array_of({"unsubscribe", "news"}, 0));
    clients.pop_back();
    CHECK_EQ(plane.connect().call("PUBLISH news 1"), ":" + std::to_string(left) + "\r\n");
  }
}

}  // namespace
}  // namespace slotgate::test
