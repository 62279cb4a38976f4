// Listeners whose trusted senders introduce their clients.
#include "plane/client_address.h"
#include "plane/clients.h"
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

const std::string kHeader = "PROXY TCP4 10.1.2.3 10.9.8.7 258 6379\r\n";

ListenerRules trusting(const char* range) {
  ListenerRules rules;
  rules.senders = {*parse_address_range(range)};
  return rules;
}

/// A proxy whose listener trusts whoever connects in these tests.
struct Behind {
  explicit Behind(ListenerRules rules = trusting("127.0.0.0/8"), PlaneSetup setup = {})
      : plane({&a}, std::move(setup)) {
    plane.set_rules(std::move(rules));
  }

  FakeServer a;
  TestPlane plane;

  [[nodiscard]] std::uint64_t refused() const { return plane.sum(&WorkerCounters::header_refused); }
  /// `address`, as of the only client, and where it connected to.
  [[nodiscard]] std::string addresses() {
    std::string text;
    plane.on_workers([&](Worker& worker) {
      worker.clients().for_each([&](Client& client) {
        text += client_address(client) + " to " + client_local_address(client);
      });
    });
    return text;
  }
  /// The reason that the control plane was given for the only refusal.
  std::string reason() {
    std::vector<PlaneEvent> events;
    CHECK(eventually([&] {
      events = plane.take_events(PlaneEvent::Kind::kHeaderRefused);
      return !events.empty();
    }));
    if (events.size() != 1) return "";
    CHECK(events[0].label.starts_with("127.0.0.1:"));
    return events[0].text;
  }
};

TEST(a_client_is_where_the_header_says) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  client.send(kHeader);
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK_EQ(it.addresses(), "10.1.2.3:258 to 10.9.8.7:6379");
  CHECK_EQ(it.plane.sum(&WorkerCounters::headers_awaited), 0U);
  CHECK_EQ(it.refused(), 0U);
}

TEST(a_header_may_come_in_pieces_and_together_with_requests) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  for (const char letter : kHeader.substr(0, kHeader.size() - 1)) {
    client.send(std::string(1, letter));
    it.plane.on_workers([](Worker&) {});
  }
  CHECK_EQ(it.plane.sum(&WorkerCounters::clients), 0U);
  client.send("\n" + request("PING") + request("PING x"));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK_EQ(client.reply(), bulk("x"));
}

TEST(a_header_of_version_2_is_taken_whole_however_long_it_is) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  const std::string tlvs(1000, 'x');
  const std::string block =
      std::string("\x0a\x01\x02\x03\x0a\x09\x08\x07\x01\x02\x18\xeb", 12) + tlvs;
  client.send(std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11", 14) +
              static_cast<char>(block.size() >> 8) + static_cast<char>(block.size() & 0xff) +
              block + request("PING"));
  CHECK_EQ(client.reply(), "+PONG\r\n");
  CHECK_EQ(it.addresses(), "10.1.2.3:258 to 10.9.8.7:6379");
}

TEST(a_sender_may_speak_for_itself) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  client.send("PROXY UNKNOWN\r\n");
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK(it.addresses().starts_with("127.0.0.1:"));
}

TEST(a_trusted_sender_without_a_header_is_closed) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  client.ask("PING");
  CHECK(client.is_closed());
  CHECK_EQ(it.reason(), "is missing");
  CHECK_EQ(it.refused(), 1U);
  CHECK_EQ(it.plane.sum(&WorkerCounters::headers_awaited), 0U);
  CHECK_EQ(it.plane.sum(&WorkerCounters::accepted), 0U);
}

TEST(a_header_that_ends_too_early_is_refused) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  client.send(kHeader.substr(0, 20));
  client.finish();
  CHECK(client.is_closed());
  CHECK_EQ(it.reason(), "is not complete");
}

TEST(who_only_looks_whether_the_port_is_open_is_no_trouble) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  it.plane.await(&WorkerCounters::headers_awaited, 1);
  client.leave();
  it.plane.await(&WorkerCounters::headers_awaited, 0);
  CHECK_EQ(it.refused(), 0U);
}

TEST(a_header_has_a_time_limit) {
  PlaneSetup setup;
  setup.settings.limits.proxy_header_ms = 1'000'000;  // no test takes so long
  Behind it(trusting("127.0.0.1"), setup);
  TestClient client = it.plane.connect_unknown();
  it.plane.await(&WorkerCounters::headers_awaited, 1);
  it.plane.on_workers([](Worker& worker) { worker.introductions().tick(); });
  CHECK_EQ(it.plane.sum(&WorkerCounters::headers_awaited), 1U);
  setup.settings.limits.proxy_header_ms = 1;
  it.plane.on_workers([&](Worker& worker) {
    worker.set_settings(1, std::make_shared<const DatabaseSettings>(setup.settings));
  });
  CHECK(client.is_closed());
  CHECK_EQ(it.reason(), "did not come within 1 ms");
}

TEST(others_are_served_as_themselves) {
  Behind it(trusting("10.0.0.0/8"));
  TestClient client = it.plane.connect_unknown();
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK(it.addresses().starts_with("127.0.0.1:"));
}

TEST(a_header_of_others_is_a_protocol_error) {
  Behind it(trusting("10.0.0.0/8"));
  TestClient client = it.plane.connect_unknown();
  client.send(kHeader + request("PING"));
  CHECK_EQ(client.reply(), "-ERR Protocol error: unexpected PROXY header\r\n");
  CHECK(client.is_closed());
  TestClient other = it.plane.connect_unknown();
  other.send(std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16) + request("PING"));
  CHECK_EQ(other.reply(), "-ERR Protocol error: NUL byte in inline request\r\n");
  CHECK(other.is_closed());
}

TEST(the_rules_for_clients_are_those_of_the_address_in_the_header) {
  ListenerRules rules = trusting("127.0.0.0/8");
  rules.peers = {{parse_address_range("10.1.0.0/16"), 1}, {std::nullopt, 0}};
  Behind it(rules);
  Presentation cluster;
  cluster.hello_mode = "cluster";
  cluster.shows_cluster = true;
  it.plane.show({Presentation{}, cluster});
  const auto sees_cluster = [&](const std::string& header) {
    TestClient client = it.plane.connect_unknown();
    client.send(header);
    return client.call("READONLY") == "+OK\r\n";
  };
  CHECK(sees_cluster(kHeader));
  CHECK(!sees_cluster("PROXY TCP4 10.2.2.3 10.9.8.7 258 6379\r\n"));
  CHECK(!sees_cluster("PROXY UNKNOWN\r\n"));
}

TEST(who_has_not_said_its_header_yet_counts_towards_the_limit_of_clients) {
  PlaneSetup setup;
  setup.settings.limits.clients_max = 2;
  Behind it(trusting("127.0.0.0/8"), setup);
  TestClient served = it.plane.connect_unknown();
  served.send(kHeader);
  CHECK_EQ(served.call("PING"), "+PONG\r\n");
  TestClient silent = it.plane.connect_unknown();
  it.plane.await(&WorkerCounters::headers_awaited, 1);
  TestClient third = it.plane.connect_unknown();
  CHECK_EQ(third.reply(), "-ERR max number of clients reached\r\n");
  CHECK(third.is_closed());
  silent.send(kHeader);
  CHECK_EQ(silent.call("PING"), "+PONG\r\n");
}

TEST(who_may_yet_become_a_client_is_counted_as_one) {
  ListenerRules rules = trusting("127.0.0.0/8");
  rules.peers = {{parse_address_range("10.1.0.0/16"), 2}, {std::nullopt, 1}};
  Behind it(rules);
  TestClient client = it.plane.connect_unknown();
  it.plane.await(&WorkerCounters::headers_awaited, 1);
  const auto count = [&](const std::vector<std::uint16_t>& presentations) {
    std::uint32_t found = 0;
    it.plane.on_workers([&](Worker& worker) {
      found = worker.introductions().count(*worker.context().databases[0], presentations);
    });
    return found;
  };
  CHECK_EQ(count({2}), 1U);
  CHECK_EQ(count({0, 1}), 1U);
  CHECK_EQ(count({0, 3}), 0U);
  client.send(kHeader);
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK_EQ(count({2}), 0U);
}

TEST(clients_go_to_all_workers_with_their_addresses) {
  PlaneSetup setup;
  setup.workers = 2;
  Behind it(trusting("127.0.0.0/8"), setup);
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(it.plane.connect_unknown());
    clients.back().send(kHeader);
    CHECK_EQ(clients.back().call("PING"), "+PONG\r\n");
  }
  std::atomic<int> right = 0;
  it.plane.on_workers([&](Worker& worker) {
    CHECK(!worker.clients().idle());
    worker.clients().for_each([&](Client& client) {
      if (client_address(client) == "10.1.2.3:258") ++right;
    });
  });
  CHECK_EQ(right.load(), 20);
}

TEST(the_end_of_the_plane_closes_who_is_still_silent) {
  Behind it;
  TestClient client = it.plane.connect_unknown();
  it.plane.await(&WorkerCounters::headers_awaited, 1);
  it.plane.stop();
  CHECK(client.is_closed());
}

}  // namespace
}  // namespace slotgate::test
