// The budget of one database among several: only its clients are stopped, closed and refused. What
// is used becomes a certain part of the budget as in plane_memory_test.cc.
#include "plane/memory_guard.h"
#include "test/plane_memory_support.h"

namespace slotgate::test {
namespace {

constexpr std::uint32_t kGreedy = 2;
constexpr std::uint64_t kHuge = 1'000'000 * kMegabyte;
constexpr char kRefusal[] = "-ERR max number of clients reached\r\n";

using Figure = Counter DatabaseMemory::Page::*;

/// The plane's own database, and a greedy one that can be given a budget. Each worker has a port.
struct TwoDatabases {
  FakeServer a;
  FakeServer b;
  TestPlane plane;
  std::vector<std::uint16_t> ports;

  explicit TwoDatabases(std::uint32_t workers = 1) : plane({&a, &b}, setup_of(workers)) {
    const auto settings = std::make_shared<const DatabaseSettings>();
    const auto commands = plane_commands();
    const auto scripts = std::make_shared<ScriptStore>();
    const auto routes = std::make_shared<const RouteSnapshot>(plane.routes());
    plane.on_workers([&](Worker& worker) {
      worker.add_database(kGreedy, settings, scripts);
      worker.set_commands(kGreedy, commands);
      worker.set_routes(kGreedy, routes);
    });
    for (std::uint32_t worker = 0; worker < workers; ++worker)
      ports.push_back(plane.open_port(kGreedy, worker));
  }
  static PlaneSetup setup_of(std::uint32_t workers) {
    PlaneSetup setup;
    setup.workers = workers;
    return setup;
  }

  [[nodiscard]] TestClient connect(std::uint32_t worker = 0) {
    return plane.connect_at(ports[worker]);
  }
  [[nodiscard]] TestClient connect_served(std::uint32_t worker = 0) {
    TestClient client = connect(worker);
    CHECK_EQ(client.call("PING"), "+PONG\r\n");
    return client;
  }
  /// Of the greedy database.
  void set_budget(std::uint64_t bytes) {
    auto settings = std::make_shared<DatabaseSettings>();
    settings->limits.memory_bytes_max = bytes;
    plane.on_workers([&](Worker& worker) { worker.set_settings(kGreedy, settings); });
  }
  [[nodiscard]] std::uint64_t sum(Figure figure) {
    std::uint64_t all = 0;
    for (const auto& page : plane.plane().memory_ledger().of(kGreedy).pages())
      all += (page.*figure).get();
    return all;
  }
  void await(Figure figure, std::uint64_t value) {
    CHECK(eventually([&] { return sum(figure) == value; }));
  }
  /// What the greedy database uses, under a budget that is never used up.
  [[nodiscard]] std::uint64_t measured() {
    set_budget(kHuge);
    const std::uint64_t now_ms = uv_hrtime() / 1'000'000;
    CHECK(eventually([&] {
      plane.on_workers([](Worker& worker) { worker.memory().measure_for_others(); });
      const auto& pages = plane.plane().memory_ledger().of(kGreedy).pages();
      return std::all_of(pages.begin(), pages.end(), [&](const DatabaseMemory::Page& page) {
        return page.measured_at_ms.get() > now_ms;
      });
    }));
    return sum(&DatabaseMemory::Page::bytes);
  }
  /// What it uses now becomes so many percent of its budget. What was measured to know that is
  /// forgotten.
  void let_use_be(std::uint64_t percent) {
    const std::uint64_t budget = measured() * 100 / percent;
    auto& memory = plane.plane().memory_ledger().of(kGreedy);
    plane.on_workers(
        [&](Worker& worker) { memory.page(worker.context().worker).measured_at_ms.set(0); });
    set_budget(budget);
  }
};

TEST(from_80_percent_of_its_budget_the_large_clients_of_a_database_are_not_read) {
  TwoDatabases it;
  TestClient other = it.plane.connect_served();
  TestClient big = it.connect_served();
  TestClient small = it.connect_served();
  use(other, 30);
  use(big, 20);
  use(small, 3);

  it.let_use_be(78);
  CHECK_EQ(big.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(it.sum(&DatabaseMemory::Page::stops), 0U);

  it.let_use_be(85);
  it.await(&DatabaseMemory::Page::stopped_now, 1);
  big.ask(kMore);
  CHECK_EQ(small.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(other.call(kMore), "+QUEUED\r\n");
  TestClient another = it.connect_served();
  CHECK(big.hears_nothing());

  it.set_budget(0);
  CHECK_EQ(big.reply(), "+QUEUED\r\n");
  CHECK_EQ(it.sum(&DatabaseMemory::Page::stopped_now), 0U);
  CHECK_EQ(it.sum(&DatabaseMemory::Page::stops), 1U);
  CHECK_EQ(it.sum(&DatabaseMemory::Page::closed), 0U);
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_stops), 0U);
}

TEST(below_70_percent_of_its_budget_everybody_is_read_again) {
  TwoDatabases it;
  TestClient big = it.connect_served();
  TestClient middle = it.connect_served();
  use(big, 12);
  use(middle, 5);
  it.let_use_be(85);
  it.await(&DatabaseMemory::Page::stopped_now, 1);
  big.ask(kMore);
  CHECK(big.hears_nothing());
  CHECK_EQ(middle.call("DISCARD"), "+OK\r\n");
  CHECK_EQ(big.reply(), "+QUEUED\r\n");
}

TEST(from_100_percent_of_its_budget_its_largest_are_closed_and_its_new_clients_refused) {
  TwoDatabases it;
  TestClient other = it.plane.connect_served();
  use(other, 30);
  std::vector<TestClient> large;
  std::vector<TestClient> small;
  for (int i = 0; i < 3; ++i) use(large.emplace_back(it.connect_served()), 2);
  for (int i = 0; i < 17; ++i) use(small.emplace_back(it.connect_served()), 1);
  it.let_use_be(99);
  TestClient early = it.connect_served();
  CHECK_EQ(it.sum(&DatabaseMemory::Page::closed), 0U);

  // Two go, and 84 percent stay.
  it.let_use_be(101);
  it.await(&DatabaseMemory::Page::closed, 2);
  TestClient refused = it.connect();
  CHECK_EQ(refused.reply(), kRefusal);
  CHECK(refused.is_closed());
  CHECK_EQ(it.sum(&DatabaseMemory::Page::refused), 1U);
  CHECK_EQ(other.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(small[2].call(kMore), "+QUEUED\r\n");
  TestClient elsewhere = it.plane.connect_served();

  small[0].leave();
  small[1].leave();
  it.await(&DatabaseMemory::Page::full, 0);
  TestClient late = it.connect_served();
  CHECK_EQ(it.sum(&DatabaseMemory::Page::refused), 1U);
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 0U);
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_refused), 0U);
}

TEST(the_budget_of_a_database_is_for_all_workers_together) {
  TwoDatabases it(2);
  TestClient big = it.connect_served(0);
  TestClient small = it.connect_served(1);
  use(big, 12);
  use(small, 4);
  // The second worker uses less than half of its part, and does not look by itself.
  it.let_use_be(78);
  CHECK_EQ(big.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(it.sum(&DatabaseMemory::Page::stops), 0U);
  it.let_use_be(85);
  it.await(&DatabaseMemory::Page::stopped_now, 1);
  CHECK_EQ(small.call(kMore), "+QUEUED\r\n");
  it.let_use_be(110);
  CHECK(big.is_closed());
  it.await(&DatabaseMemory::Page::closed, 1);
  CHECK_EQ(small.call(kMore), "+QUEUED\r\n");
}

TEST(who_is_stopped_by_two_budgets_is_read_when_both_let_it) {
  TwoDatabases it;
  const auto process_budget = [&](std::uint64_t bytes) {
    it.plane.on_workers([bytes](Worker& worker) { worker.memory().set_budget(bytes); });
  };
  TestClient big = it.connect_served();
  TestClient small = it.connect_served();
  use(big, 20);
  use(small, 2);
  for (const bool process_first : {true, false}) {
    it.let_use_be(85);
    it.await(&DatabaseMemory::Page::stopped_now, 1);
    process_budget(it.plane.sum(&WorkerCounters::memory_bytes) * 100 / 85);
    it.plane.await(&WorkerCounters::memory_stopped_now, 1);
    big.ask(kMore);
    process_first ? process_budget(0) : it.set_budget(0);
    CHECK(big.hears_nothing());
    process_first ? it.set_budget(0) : process_budget(0);
    CHECK_EQ(big.reply(), "+QUEUED\r\n");
  }
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 0U);
}

TEST(what_is_measured_of_a_database_is_what_its_worker_counts) {
  TwoDatabases it;
  TestClient queues = it.connect_served();
  TestClient waits = it.connect_served();
  TestClient begins = it.connect_served();
  use(queues, 5);
  // A reply that waits for an older one, a request without an answer, and half a request.
  waits.ask("GET " + it.plane.key_of(0));
  const Call first = it.a.take();
  waits.ask("GET " + it.plane.key_of(1));
  it.b.reply(it.b.take(), bulk(std::string(3 * kMegabyte, 'v')));
  begins.send("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$500000\r\n" + std::string(400'000, 'v'));
  CHECK(eventually([&] {
    const std::uint64_t counted = it.plane.sum(&WorkerCounters::memory_input) +
                                  it.plane.sum(&WorkerCounters::memory_output) +
                                  it.plane.sum(&WorkerCounters::memory_requests) +
                                  it.plane.sum(&WorkerCounters::memory_links) +
                                  it.plane.sum(&WorkerCounters::memory_transactions);
    const std::uint64_t records = 3 * sizeof(Client) + 3 * sizeof(Request);
    const std::uint64_t measured = it.measured();
    return counted > 8 * kMegabyte && measured + 1000 > counted + records &&
           measured < counted + records + 1000;
  }));
  it.a.reply(first, "$-1\r\n");
  CHECK_EQ(waits.reply(), "$-1\r\n");
}

}  // namespace
}  // namespace slotgate::test
