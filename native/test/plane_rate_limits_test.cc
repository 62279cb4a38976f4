// Clients and addresses that are kept to a rate. The clock of a pace is what the tests say; where a
// worker's is at work, debts are so large that no test sees their end, or the limits are lifted.
#include <netinet/in.h>

#include <array>

#include "plane/address_book.h"
#include "plane/clients.h"
#include "plane/rate_limits.h"
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr std::uint64_t kNow = 1'000'000;
constexpr std::uint32_t kDatabase = 1;
/// Uses of a rate of 1 that are regained after days.
constexpr std::uint64_t kMany = 1'000'000;

TEST(what_fits_into_a_second_may_be_used_at_once) {
  Pace pace;
  CHECK_EQ(pace.room(10, kNow), 10U);
  pace.use(9, 10, kNow);
  CHECK_EQ(pace.room(10, kNow), 1U);
  CHECK(pace.ready_at_ms(10) <= kNow);
  pace.use(1, 10, kNow);
  CHECK_EQ(pace.room(10, kNow), 0U);
  CHECK_EQ(pace.ready_at_ms(10), kNow + 100);
}

TEST(what_was_used_is_regained_at_the_rate) {
  Pace pace;
  pace.use(10, 10, kNow);
  CHECK_EQ(pace.room(10, kNow + 99), 0U);
  CHECK_EQ(pace.room(10, kNow + 100), 1U);
  CHECK_EQ(pace.room(10, kNow + 999), 9U);
  CHECK_EQ(pace.room(10, kNow + 1000), 10U);
  CHECK_EQ(pace.room(10, kNow + 99999), 10U);
}

TEST(what_was_used_beyond_has_to_be_waited_for) {
  Pace pace;
  pace.use(35, 10, kNow);
  CHECK_EQ(pace.room(10, kNow + 2599), 0U);
  CHECK_EQ(pace.room(10, kNow + 2600), 1U);
  CHECK_EQ(pace.ready_at_ms(10), kNow + 2600);
}

TEST(a_unit_is_used_only_if_there_is_room_for_it) {
  Pace pace;
  for (int i = 0; i < 3; ++i) CHECK(pace.try_use(3, kNow));
  CHECK(!pace.try_use(3, kNow));
  CHECK(!pace.try_use(3, kNow + 333));
  CHECK(pace.try_use(3, kNow + 334));
  CHECK(!pace.try_use(3, kNow + 334));
}

TEST(units_that_are_reserved_come_one_after_the_other) {
  Pace pace;
  pace.use(10, 10, kNow);
  CHECK_EQ(pace.reserve(10, kNow), kNow + 100);
  CHECK_EQ(pace.reserve(10, kNow), kNow + 200);
  CHECK_EQ(pace.room(10, kNow + 200), 0U);
  CHECK_EQ(pace.room(10, kNow + 300), 1U);
}

TEST(the_highest_rates_can_be_kept) {
  Pace pace;
  constexpr std::uint32_t kMost = UINT32_MAX;
  CHECK_EQ(pace.room(kMost, kNow), kMost);
  pace.use(kMost, kMost, kNow);
  CHECK_EQ(pace.room(kMost, kNow), 0U);
  CHECK(pace.room(kMost, kNow + 1) >= kMost / 1000 - 1);
}

IpAddress address(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes = {10, static_cast<std::uint8_t>(number >> 16),
                                             static_cast<std::uint8_t>(number >> 8),
                                             static_cast<std::uint8_t>(number)};
  return ipv4_address(bytes.data());
}

TEST(addresses_are_remembered_up_to_a_number) {
  AddressBook book;
  const auto kept = book.entry(kDatabase, address(0));
  for (std::uint32_t i = 1; i < AddressBook::kStrangersMost; ++i)
    (void)book.entry(kDatabase, address(i));
  CHECK_EQ(book.size(), AddressBook::kStrangersMost);
  (void)book.entry(kDatabase, address(AddressBook::kStrangersMost));
  CHECK_EQ(book.size(), AddressBook::kStrangersMost);
  // Somebody is there.
  CHECK(book.entry(kDatabase, address(0)) == kept);
  CHECK(book.entry(kDatabase + 1, address(0)) != kept);
}

TEST(addresses_with_clients_are_all_remembered) {
  AddressBook book;
  std::vector<std::shared_ptr<AddressPaces>> kept;
  constexpr std::uint32_t kCount = AddressBook::kStrangersMost + 100;
  for (std::uint32_t i = 0; i < kCount; ++i) kept.push_back(book.entry(kDatabase, address(i)));
  CHECK_EQ(book.size(), kCount);
  CHECK(book.entry(kDatabase, address(5)) == kept[5]);
  kept.clear();
  for (std::uint32_t i = 0; i < 100; ++i) (void)book.entry(kDatabase, address(kCount + i));
  CHECK(book.size() <= AddressBook::kStrangersMost);
}

/// A proxy with a limit.
struct Limited {
  explicit Limited(std::uint32_t RateSettings::*limit, std::uint32_t rate,
                   std::uint32_t workers = 1) {
    setup.workers = workers;
    setup.settings.limits.rates.*limit = rate;
    a.answer_with([](const Call&) { return "+OK\r\n"; });
    plane = std::make_unique<TestPlane>(std::vector<FakeServer*>{&a}, setup);
  }

  FakeServer a;
  PlaneSetup setup;
  std::unique_ptr<TestPlane> plane;

  [[nodiscard]] std::uint64_t pauses() const { return plane->sum(&WorkerCounters::rate_pauses); }
  void lift() {
    setup.settings.limits.rates = {};
    const auto settings = std::make_shared<const DatabaseSettings>(setup.settings);
    plane->on_workers([&](Worker& worker) { worker.set_settings(kDatabase, settings); });
  }
  /// The paces of 127.0.0.1.
  [[nodiscard]] std::shared_ptr<AddressPaces> here() {
    return plane->plane().addresses().entry(kDatabase, *parse_ipv4("127.0.0.1"));
  }
  /// Runs `use` for each client's rates, on its worker.
  void for_clients(const std::function<void(ClientRate& rate, std::uint64_t now_ms)>& use) {
    plane->on_workers([&](Worker& worker) {
      worker.clients().for_each(
          [&](Client& client) { use(*client.rate, worker.context().now_ms); });
    });
  }
};

TEST(a_client_over_its_commands_waits_and_loses_nothing) {
  Limited it(&RateSettings::client_commands, 1);
  TestClient client = it.plane->connect();
  client.send(request("PING 1") + request("PING 2"));
  CHECK_EQ(client.reply(), bulk("1"));
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  CHECK_EQ(client.reply(), bulk("2"));
}

TEST(a_client_just_under_its_commands_does_not_wait) {
  Limited it(&RateSettings::client_commands, 2);
  TestClient client = it.plane->connect();
  client.send(request("PING 1") + request("PING 2"));
  CHECK_EQ(client.reply(), bulk("1"));
  CHECK_EQ(client.reply(), bulk("2"));
  CHECK_EQ(it.pauses(), 0U);
}

TEST(each_client_has_a_rate_of_its_own) {
  Limited it(&RateSettings::client_commands, 1);
  TestClient first = it.plane->connect_served();
  it.for_clients([](ClientRate& rate, std::uint64_t now) { rate.commands.use(kMany, 1, now); });
  TestClient second = it.plane->connect();
  first.ask("SET a 1");
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  CHECK_EQ(second.call("SET b 1"), "+OK\r\n");
  CHECK(first.hears_nothing());
}

TEST(who_waits_goes_on_when_limits_are_lifted) {
  Limited it(&RateSettings::client_commands, 1);
  TestClient client = it.plane->connect_served();
  it.for_clients([](ClientRate& rate, std::uint64_t now) { rate.commands.use(kMany, 1, now); });
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += request("SET a " + std::to_string(i));
  client.send(requests);
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  CHECK(client.hears_nothing());
  it.lift();
  for (int i = 0; i < 300; ++i) CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(it.pauses(), 1U);
}

TEST(who_waits_may_leave) {
  Limited it(&RateSettings::client_commands, 1);
  TestClient client = it.plane->connect_served();
  it.for_clients([](ClientRate& rate, std::uint64_t now) { rate.commands.use(kMany, 1, now); });
  client.ask("SET a 1");
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  client.leave(true);
  it.plane->await(&WorkerCounters::clients, 0);
}

TEST(a_client_over_its_bytes_is_not_read) {
  Limited it(&RateSettings::client_bytes, 100);
  TestClient client = it.plane->connect();
  // What was read is answered; what follows has to wait.
  CHECK_EQ(client.call("PING " + std::string(90, 'x')), bulk(std::string(90, 'x')));
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  CHECK_EQ(client.call("PING"), "+PONG\r\n");
}

TEST(a_client_just_under_its_bytes_does_not_wait) {
  Limited it(&RateSettings::client_bytes, 100);
  TestClient client = it.plane->connect();
  // 14 bytes there, 7 back.
  for (int i = 0; i < 4; ++i) CHECK_EQ(client.call("PING"), "+PONG\r\n");
  CHECK_EQ(it.pauses(), 0U);
}

TEST(replies_count_as_bytes_too) {
  Limited it(&RateSettings::client_bytes, 1000);
  it.a.answer_with([](const Call&) { return bulk(std::string(2000, 'v')); });
  TestClient client = it.plane->connect();
  CHECK_EQ(client.call("GET a"), bulk(std::string(2000, 'v')));
  it.plane->await(&WorkerCounters::rate_pauses, 1);
}

TEST(the_clients_of_an_address_share_its_commands) {
  for (const std::uint32_t workers : {1U, 2U}) {
    Limited it(&RateSettings::address_commands, 10, workers);
    ListenerRules rules;
    rules.senders = {*parse_address_range("127.0.0.1")};
    TestClient first = it.plane->connect_served();
    TestClient second = it.plane->connect_served();
    it.for_clients([](ClientRate& rate, std::uint64_t now) {
      rate.address->commands.use(kMany * 10, 10, now);
    });
    first.ask("SET a 1");
    second.ask("SET b 1");
    it.plane->await(&WorkerCounters::rate_pauses, 2);
    it.plane->set_rules(rules);
    TestClient elsewhere = it.plane->connect_unknown();
    elsewhere.send("PROXY TCP4 10.1.2.3 10.9.8.7 258 6379\r\n");
    CHECK_EQ(elsewhere.call("SET c 1"), "+OK\r\n");
    it.lift();
    CHECK_EQ(first.reply(), "+OK\r\n");
    CHECK_EQ(second.reply(), "+OK\r\n");
  }
}

TEST(those_who_wait_for_an_address_go_on_one_after_the_other) {
  Limited it(&RateSettings::address_commands, 20);
  std::vector<TestClient> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(it.plane->connect());
  for (TestClient& client : clients) client.ask("SET a 1");
  for (TestClient& client : clients) CHECK_EQ(client.reply(), "+OK\r\n");
  // Each waits once at most: nobody wakes to find that another was faster.
  CHECK(it.pauses() <= 30);
}

TEST(the_clients_of_an_address_share_its_bytes) {
  Limited it(&RateSettings::address_bytes, 100);
  TestClient first = it.plane->connect_served();
  TestClient second = it.plane->connect_served();
  it.here()->bytes.use(kMany * 100, 100, uv_hrtime() / 1'000'000);
  // What arrives first is read, and settles the account.
  first.ask("SET a 1");
  second.ask("SET b 1");
  it.plane->await(&WorkerCounters::rate_pauses, 2);
  it.lift();
  CHECK_EQ(first.reply(), "+OK\r\n");
  CHECK_EQ(second.reply(), "+OK\r\n");
}

TEST(an_address_that_connects_too_often_is_refused) {
  Limited it(&RateSettings::address_connections, 1);
  TestClient under = it.plane->connect();
  CHECK_EQ(under.call("PING"), "+PONG\r\n");
  it.here()->connections.use(kMany, 1, uv_hrtime() / 1'000'000);
  TestClient over = it.plane->connect();
  CHECK_EQ(over.reply(), "-ERR too many new connections from this address; try again later\r\n");
  CHECK(over.is_closed());
  it.plane->await(&WorkerCounters::rate_refused, 1);
  CHECK_EQ(under.call("PING"), "+PONG\r\n");
  it.lift();
  TestClient again = it.plane->connect();
  CHECK_EQ(again.call("PING"), "+PONG\r\n");
}

TEST(who_waits_for_its_rate_is_not_idle) {
  Limited it(&RateSettings::client_commands, 1);
  TestClient client = it.plane->connect_served();
  it.for_clients([](ClientRate& rate, std::uint64_t now) { rate.commands.use(kMany, 1, now); });
  client.send("PI");
  client.send("NG\r\nPI");
  it.plane->await(&WorkerCounters::rate_pauses, 1);
  it.plane->on_workers([](Worker& worker) {
    worker.clients().for_each([&](Client& one) {
      one.last_read_ms = one.excused_at_ms = worker.context().now_ms - 60'000;
    });
  });
  it.setup.settings.limits.client_idle_ms = it.setup.settings.limits.partial_request_ms = 30'000;
  it.plane->on_workers([&](Worker& worker) {
    // The rates are as they were: nobody begins anew.
    worker.set_settings(kDatabase, std::make_shared<const DatabaseSettings>(it.setup.settings));
    worker.timeouts().tick();
    if (worker.timeouts().has_more()) worker.timeouts().run_slice();
  });
  CHECK_EQ(it.plane->sum(&WorkerCounters::clients), 1U);
  CHECK_EQ(it.pauses(), 1U);
}

TEST(without_limits_clients_have_no_rates) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  plane.on_workers([](Worker& worker) {
    worker.clients().for_each([](Client& one) { CHECK(one.rate == nullptr); });
  });
  CHECK_EQ(plane.plane().addresses().size(), 0U);
}

}  // namespace
}  // namespace slotgate::test
