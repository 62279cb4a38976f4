// Shard channels of slots that become another proxy's: who is told to go, and who stays.
#include <algorithm>

#include "test/check.h"
#include "test/plane_pubsub_support.h"

namespace slotgate::test {
namespace {

constexpr std::uint16_t kProxy = 0;       ///< presentation of a proxy of several
constexpr std::uint16_t kStandalone = 1;  ///< presentation of the only one

/// A server for each half of the slots. Clients of kProxy are shown the upper half at another proxy
/// once lose_upper_half() was called; others never are.
struct Departures {
  Departures() { show_upper_half_at(Presentation::kHere); }

  void lose_upper_half() { show_upper_half_at(0); }
  /// A client that is shown the presentation of this number.
  TestClient connect(std::uint16_t presentation, int protocol) {
    plane.set_rules({{std::nullopt, presentation}});
    return protocol == 3 ? connect_resp3(plane) : plane.connect_served();
  }
  /// Subscribes the client to a shard channel; it has `count` then. The server's connection.
  static Call subscribe(TestClient& client, FakeServer& server, const std::string& channel,
                        int protocol, int count) {
    client.ask("SSUBSCRIBE " + channel);
    Call call = confirm(server, "ssubscribe " + channel);
    CHECK_EQ(client.reply(), told("ssubscribe", channel, protocol, count));
    return call;
  }
  static std::string told(const std::string& word, const std::string& channel, int protocol,
                          int count) {
    return protocol == 3 ? push_of({word, channel}, count) : array_of({word, channel}, count);
  }
  static std::string message(const std::string& channel, int protocol) {
    return protocol == 3 ? push_of({"smessage", channel, "1"})
                         : array_of({"smessage", channel, "1"});
  }
  [[nodiscard]] std::string moved_there() const {
    return "-MOVED " + std::to_string(slot_of(there)) + " 10.0.0.2:7000\r\n";
  }

  FakeServer a;
  FakeServer b;
  TestPlane plane{{&a, &b}};
  std::string here = plane.key_of(0);
  std::string there = plane.key_of(1);

 private:
  void show_upper_half_at(std::uint16_t target) {
    Presentation proxy;
    proxy.hello_mode = "cluster";
    proxy.shows_cluster = proxy.one_slot_only = true;
    proxy.targets = {"10.0.0.2:7000"};
    proxy.slot_to_target.assign(kSlotCount, Presentation::kHere);
    std::fill(proxy.slot_to_target.begin() + kSlotCount / 2, proxy.slot_to_target.end(), target);
    plane.show({proxy, Presentation()});
  }
};

TEST(clients_of_a_proxy_that_loses_a_slot_lose_its_shard_channels_and_are_told) {
  for (const int protocol : {2, 3}) {
    Departures all;
    const std::string first = "{" + all.there + "}1";
    const std::string second = "{" + all.there + "}2";
    const std::string other_slot = all.plane.key_of(1, 1);
    TestClient client = all.connect(kProxy, protocol);
    const Call at_a = Departures::subscribe(client, all.a, all.here, protocol, 1);
    const Call at_b = Departures::subscribe(client, all.b, first, protocol, 2);
    (void)Departures::subscribe(client, all.b, second, protocol, 3);
    (void)Departures::subscribe(client, all.b, other_slot, protocol, 4);
    TestClient stays = all.connect(kStandalone, protocol);
    (void)Departures::subscribe(stays, all.b, first, protocol, 1);

    all.lose_upper_half();
    std::vector<std::string> left;
    for (const int count : {3, 2, 1}) {
      const std::string frame = client.reply();
      for (const std::string& channel : {first, second, other_slot}) {
        if (frame == Departures::told("sunsubscribe", channel, protocol, count))
          left.push_back(channel);
      }
    }
    std::vector<std::string> expected = {first, second, other_slot};
    std::sort(expected.begin(), expected.end());
    std::sort(left.begin(), left.end());
    CHECK(left == expected);

    // Whoever was not told has it still; whoever was has only what is here.
    all.b.reply(at_b, push_of({"smessage", first, "1"}));
    CHECK_EQ(stays.reply(), Departures::message(first, protocol));
    CHECK_EQ(client.call("PING"), protocol == 3 ? "+PONG\r\n" : array({"pong", ""}));
    all.a.reply(at_a, push_of({"smessage", all.here, "1"}));
    CHECK_EQ(client.reply(), Departures::message(all.here, protocol));
    CHECK_EQ(client.call("SUNSUBSCRIBE " + first),
             Departures::told("sunsubscribe", first, protocol, 1));
    CHECK_EQ(client.call("SSUBSCRIBE " + all.there), all.moved_there());
  }
}

TEST(a_client_is_told_once) {
  Departures all;
  TestClient client = all.connect(kProxy, 3);
  (void)Departures::subscribe(client, all.b, all.there, 3, 1);
  all.lose_upper_half();
  all.lose_upper_half();
  CHECK_EQ(client.reply(), push_of({"sunsubscribe", all.there}, 0));
  all.lose_upper_half();
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(a_channel_that_all_clients_lost_is_left_at_the_server) {
  Departures all;
  TestClient client = all.connect(kProxy, 3);
  (void)Departures::subscribe(client, all.b, all.there, 3, 1);
  all.lose_upper_half();
  CHECK_EQ(client.reply(), push_of({"sunsubscribe", all.there}, 0));
  (void)confirm(all.b, "sunsubscribe " + all.there);
}

TEST(a_resp2_client_without_other_channels_is_a_subscriber_no_more) {
  Departures all;
  TestClient client = all.connect(kProxy, 2);
  (void)Departures::subscribe(client, all.b, all.there, 2, 1);
  TestClient listens = all.connect(kProxy, 2);
  (void)Departures::subscribe(listens, all.b, all.there, 2, 1);
  join(listens, all.a, "news");
  all.lose_upper_half();
  CHECK_EQ(client.reply(), array_of({"sunsubscribe", all.there}, 0));
  CHECK_EQ(listens.reply(), array_of({"sunsubscribe", all.there}, 0));
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK_EQ(listens.call("PING"), array({"pong", ""}));
}

TEST(a_subscription_that_waits_when_its_slot_goes_is_answered_with_moved) {
  Departures all;
  TestClient client = all.connect(kProxy, 3);
  (void)Departures::subscribe(client, all.b, all.there, 3, 1);
  const std::string next = "{" + all.there + "}next";
  client.send(request("SSUBSCRIBE " + all.there + " " + next) + request("PING"));
  const Call asked = all.b.take();
  CHECK_EQ(asked.text(), "ssubscribe " + next);
  all.lose_upper_half();
  CHECK_EQ(client.reply(), all.moved_there());
  CHECK_EQ(client.reply(), push_of({"sunsubscribe", all.there}, 0));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK_EQ(all.plane.sum(&WorkerCounters::moved_answered), 1U);
  all.b.reply(asked, push_of({"ssubscribe", next}, 1));
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(a_subscription_that_waits_for_a_slot_that_stays_is_confirmed) {
  Departures all;
  TestClient client = all.connect(kProxy, 3);
  (void)Departures::subscribe(client, all.b, all.there, 3, 1);
  client.ask("SSUBSCRIBE " + all.here);
  const Call asked = all.a.take();
  all.lose_upper_half();
  CHECK_EQ(client.reply(), push_of({"sunsubscribe", all.there}, 0));
  all.a.reply(asked, push_of({"ssubscribe", all.here}, 1));
  CHECK_EQ(client.reply(), push_of({"ssubscribe", all.here}, 1));
}

TEST(more_clients_than_a_turn_looks_at_are_all_told) {
  Departures all;
  all.b.answer_with([](const Call& call) { return push_of({call.arg(0), call.arg(1)}, 1); });
  const std::string first = "{" + all.there + "}1";
  const std::string second = "{" + all.there + "}2";
  // The lists of subscribers that are gone through are longer than a slice together.
  std::vector<TestClient> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(all.connect(kProxy, 3));
    clients.back().ask("SSUBSCRIBE " + first + " " + second);
    CHECK_EQ(clients.back().reply(), push_of({"ssubscribe", first}, 1));
    CHECK_EQ(clients.back().reply(), push_of({"ssubscribe", second}, 2));
  }
  all.lose_upper_half();
  for (TestClient& client : clients) {
    std::string frames = client.reply();
    frames += client.reply();
    const bool told =
        frames == push_of({"sunsubscribe", first}, 1) + push_of({"sunsubscribe", second}, 0) ||
        frames == push_of({"sunsubscribe", second}, 1) + push_of({"sunsubscribe", first}, 0);
    CHECK(told);
    if (!told) break;  // each of the others would wait in vain
  }
}

}  // namespace
}  // namespace slotgate::test
