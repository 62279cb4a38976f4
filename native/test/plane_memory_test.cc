// The budget of memory: who is not read, who is closed, and when all is well again. Clients use
// memory by queueing commands in a transaction, which is exact; the budget is then set so that what
// they use is a certain part of it.
#include "plane/memory_guard.h"
#include "test/plane_memory_support.h"

namespace slotgate::test {
namespace {

constexpr std::uint64_t kLong = 10'000;

/// Waits until what passed through is gone; what stays then.
std::uint64_t settled_use(TestPlane& plane) {
  plane.on_workers([](Worker&) {});
  plane.on_workers([](Worker&) {});
  return plane.sum(&WorkerCounters::memory_bytes);
}

void set_budget(TestPlane& plane, std::uint64_t bytes) {
  plane.on_workers([bytes](Worker& worker) { worker.memory().set_budget(bytes); });
}

/// What is used now becomes so many percent of the budget.
void let_use_be(TestPlane& plane, std::uint64_t percent) {
  set_budget(plane, settled_use(plane) * 100 / percent);
}

/// What `visit` does to the clients of all workers, in the order in which they came.
void each_client(TestPlane& plane, const std::function<void(Worker&, Client&, int)>& visit) {
  int number = 0;
  plane.on_workers([&](Worker& worker) {
    worker.clients().for_each([&](Client& client) { visit(worker, client, number++); });
  });
}

TEST(from_80_percent_who_uses_more_than_a_fair_share_is_not_read) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient big = plane.connect_served();
  TestClient small = plane.connect_served();
  TestClient idle = plane.connect_served();
  use(big, 20);
  use(small, 3);

  let_use_be(plane, 78);
  CHECK_EQ(big.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stops), 0U);

  let_use_be(plane, 85);
  plane.await(&WorkerCounters::memory_stopped_now, 1);
  big.ask(kMore);
  CHECK_EQ(small.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(idle.call("PING"), "+PONG\r\n");
  TestClient another = plane.connect_served();
  CHECK(big.hears_nothing());

  set_budget(plane, 0);
  CHECK_EQ(big.reply(), "+QUEUED\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stopped_now), 0U);
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stops), 1U);
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 0U);
}

TEST(below_70_percent_everybody_is_read_again) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient big = plane.connect_served();
  TestClient middle = plane.connect_served();
  TestClient small = plane.connect_served();
  use(big, 12);
  use(middle, 3);
  use(small, 2);
  let_use_be(plane, 85);
  plane.await(&WorkerCounters::memory_stopped_now, 1);
  big.ask(kMore);
  // 75 percent are left, then 60.
  CHECK_EQ(small.call("DISCARD"), "+OK\r\n");
  CHECK(big.hears_nothing());
  CHECK_EQ(middle.call("DISCARD"), "+OK\r\n");
  CHECK_EQ(big.reply(), "+QUEUED\r\n");
  plane.await(&WorkerCounters::memory_stopped_now, 0);
}

TEST(from_100_percent_the_largest_are_closed_until_90_and_those_with_no_evict_last) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient spared = plane.connect_served();
  TestClient large = plane.connect_served();
  TestClient middle = plane.connect_served();
  TestClient idle = plane.connect_served();
  use(spared, 10);
  use(large, 5);
  use(middle, 4);
  each_client(plane, [](Worker&, Client& client, int number) { client.no_evict = number == 0; });

  let_use_be(plane, 99);
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 0U);
  let_use_be(plane, 101);
  CHECK(large.is_closed());
  CHECK_EQ(middle.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 1U);

  set_budget(plane, 2 * kMegabyte);
  CHECK(middle.is_closed());
  CHECK(spared.is_closed());
  CHECK_EQ(idle.call("PING"), "+PONG\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 3U);
}

TEST(once_the_budget_was_used_up_new_clients_are_refused_until_80_percent) {
  FakeServer a;
  TestPlane plane({&a});
  std::vector<TestClient> large;
  std::vector<TestClient> small;
  for (int i = 0; i < 3; ++i) use(large.emplace_back(plane.connect_served()), 2);
  for (int i = 0; i < 17; ++i) use(small.emplace_back(plane.connect_served()), 1);
  // Two go, and 84 percent stay.
  let_use_be(plane, 101);
  plane.await(&WorkerCounters::memory_closed, 2);
  TestClient refused = plane.connect();
  CHECK_EQ(refused.reply(), "-ERR max number of clients reached\r\n");
  CHECK(refused.is_closed());
  CHECK_EQ(plane.sum(&WorkerCounters::memory_refused), 1U);
  CHECK_EQ(small[2].call(kMore), "+QUEUED\r\n");

  small[0].leave();
  small[1].leave();
  plane.await(&WorkerCounters::clients, 16);
  CHECK(eventually([&] { return plane.sum(&WorkerCounters::memory_full) == 0; }));
  TestClient late = plane.connect_served();
  CHECK_EQ(plane.sum(&WorkerCounters::memory_refused), 1U);
}

/// Whoever is stopped was so, and took its last output, so long ago.
void put_back(TestPlane& plane, std::uint64_t stopped_ms, std::uint64_t took_ms) {
  each_client(plane, [&](Worker& worker, Client& client, int) {
    if (client.stopped_at_ms == 0) return;
    client.stopped_at_ms = worker.context().now_ms - stopped_ms;
    client.excused_at_ms = worker.context().now_ms - took_ms;
  });
}

TEST(while_new_clients_are_refused_who_is_stuck_for_3_seconds_is_closed_until_80_percent) {
  constexpr std::uint64_t kStuck = 3000;
  FakeServer a;
  TestPlane plane({&a});
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) use(clients.emplace_back(plane.connect_served()), 2);
  for (int i = 0; i < 17; ++i) use(clients.emplace_back(plane.connect_served()), 1);
  // Two go, and 84 percent stay.
  let_use_be(plane, 101);
  plane.await(&WorkerCounters::memory_closed, 2);
  CHECK(eventually([&] { return plane.sum(&WorkerCounters::memory_stopped_now) >= 2; }));
  put_back(plane, kStuck / 2, kLong);
  CHECK(clients.back().hears_nothing());
  put_back(plane, kLong, kStuck / 2);
  TestClient refused = plane.connect();
  CHECK_EQ(refused.reply(), "-ERR max number of clients reached\r\n");
  CHECK(clients.back().hears_nothing());
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 2U);
  // The largest goes, which is enough.
  put_back(plane, kStuck, kStuck);
  plane.await(&WorkerCounters::memory_full, 0);
  TestClient late = plane.connect_served();
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 3U);
}

struct Stopped {
  FakeServer a;
  TestPlane plane{{&a}};
  TestClient big = plane.connect_served();
  TestClient small = plane.connect_served();

  Stopped() {
    use(big, 20);
    use(small, 3);
    let_use_be(plane, 85);
    plane.await(&WorkerCounters::memory_stopped_now, 1);
  }
};

TEST(who_is_not_read_for_10_seconds_and_keeps_its_memory_is_closed) {
  Stopped it;
  put_back(it.plane, kLong / 2, kLong);
  CHECK(it.big.hears_nothing());
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 0U);
  put_back(it.plane, kLong, kLong);
  CHECK(it.big.is_closed());
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 1U);
  CHECK_EQ(it.small.call(kMore), "+QUEUED\r\n");
}

TEST(who_takes_its_output_meanwhile_is_not) {
  Stopped it;
  put_back(it.plane, kLong, kLong / 2);
  CHECK(it.big.hears_nothing());
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 0U);
}

TEST(a_client_that_is_not_read_for_want_of_memory_is_not_idle) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.limits.client_idle_ms = 30000;
  TestPlane plane({&a}, setup);
  TestClient big = plane.connect_served();
  use(big, 20);
  let_use_be(plane, 85);
  plane.await(&WorkerCounters::memory_stopped_now, 1);
  TestClient idle = plane.connect_served();
  each_client(plane, [](Worker& worker, Client& client, int) {
    client.last_read_ms = client.excused_at_ms = worker.context().now_ms - 30000;
    if (client.stopped_at_ms != 0) client.stopped_at_ms = worker.context().now_ms;
  });
  CHECK(idle.is_closed());
  set_budget(plane, 0);
  CHECK_EQ(big.call(kMore), "+QUEUED\r\n");
}

TEST(a_reply_that_has_to_gather_and_does_not_fit_closes_its_client) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect_served();
  TestClient other = plane.connect_served();
  client.ask("GET " + plane.key_of(0));
  const Call first = a.take();
  client.ask("GET " + plane.key_of(1));
  const Call large = b.take();
  set_budget(plane, 8 * kMegabyte);
  b.reply(large, bulk(std::string(30 * kMegabyte, 'v')));
  CHECK(client.is_closed());
  a.reply(first, "$-1\r\n");
  other.ask("GET " + plane.key_of(1));
  const Call next = b.take();
  CHECK_EQ(next.connection, large.connection);
  b.reply(next, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 1U);
  CHECK(settled_use(plane) < 4 * kMegabyte);
}

TEST(a_part_of_a_split_reply_that_does_not_fit_closes_its_client) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect_served();
  TestClient other = plane.connect_served();
  client.ask("MGET " + plane.key_of(0) + " " + plane.key_of(1));
  const Call small = a.take();
  const Call large = b.take();
  set_budget(plane, 8 * kMegabyte);
  b.reply(large, "*1\r\n" + bulk(std::string(30 * kMegabyte, 'v')));
  CHECK(client.is_closed());
  a.reply(small, "*1\r\n$-1\r\n");
  other.ask("GET " + plane.key_of(1));
  b.reply(b.take(), bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
  CHECK_EQ(plane.sum(&WorkerCounters::memory_closed), 1U);
}

/// A client that does not read asks for a large value, and another one behind it on the same link.
struct Behind {
  FakeServer a;
  TestPlane plane{{&a}};
  TestClient slow = plane.connect_served();
  TestClient other = plane.connect_served();
  std::string large = bulk(std::string(30 * kMegabyte, 'v'));

  void run() {
    slow.ask("GET x");
    const Call first = a.take();
    other.ask("GET y");
    const Call second = a.take();
    CHECK_EQ(first.connection, second.connection);
    a.reply(first, large);
    a.reply(second, bulk("1"));
    CHECK_EQ(other.reply(), bulk("1"));
  }
};

TEST(a_large_reply_that_is_not_read_keeps_nobody_else_waiting) {
  Behind it;
  it.run();
  CHECK_EQ(it.slow.reply(), it.large);
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 0U);
}

TEST(nor_does_it_when_memory_is_short) {
  Behind it;
  set_budget(it.plane, 12 * kMegabyte);
  it.run();
  CHECK_EQ(it.plane.sum(&WorkerCounters::memory_closed), 1U);
  CHECK_EQ(it.other.call("PING"), "+PONG\r\n");
}

TEST(a_request_that_does_not_fit_closes_its_client_and_no_other) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient other = plane.connect_served();
  use(other, 1);
  TestClient client = plane.connect_served();
  CHECK_EQ(client.call("MULTI"), "+OK\r\n");
  set_budget(plane, 6 * kMegabyte);
  (void)client.send_some(set_of(20));
  CHECK(eventually([&] { return plane.sum(&WorkerCounters::memory_stops) > 0; }));
  each_client(plane, [](Worker& worker, Client& each, int) {
    if (each.stopped_at_ms == 0) return;
    each.stopped_at_ms = each.excused_at_ms = worker.context().now_ms - kLong;
  });
  plane.await(&WorkerCounters::memory_closed, 1);
  CHECK_EQ(other.call(kMore), "+QUEUED\r\n");
}

TEST(clients_that_send_at_the_same_time_are_read_in_turns) {
  constexpr int kClients = 64;
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  TestPlane plane({&a});
  set_budget(plane, 64 * kMegabyte);
  std::vector<TestClient> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(plane.connect_served());
  const std::string half(60'000, 'v');
  plane.on_workers([&](Worker&) {
    for (TestClient& client : clients)
      client.send("*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$120000\r\n" + half);
  });
  for (TestClient& client : clients) client.send(half + "\r\n");
  for (TestClient& client : clients) CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stops), 0U);
}

TEST(a_worker_may_use_what_the_others_leave) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  TestClient big = plane.connect_served();
  use(big, 20);
  // Of the worker's own half it is much more.
  let_use_be(plane, 75);
  CHECK_EQ(big.call(kMore), "+QUEUED\r\n");
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stops), 0U);
  let_use_be(plane, 85);
  plane.await(&WorkerCounters::memory_stopped_now, 1);
  CHECK_EQ(plane.sum(&WorkerCounters::memory_stops), 1U);
}

TEST(memory_is_told_by_what_it_is_used_for) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect_served();
  use(client, 5);
  CHECK(
      eventually([&] { return plane.sum(&WorkerCounters::memory_transactions) >= 5 * kMegabyte; }));
  const auto kinds = {&WorkerCounters::memory_input,        &WorkerCounters::memory_output,
                      &WorkerCounters::memory_requests,     &WorkerCounters::memory_links,
                      &WorkerCounters::memory_transactions, &WorkerCounters::memory_chunks,
                      &WorkerCounters::memory_records};
  CHECK(eventually([&] {
    std::uint64_t sum = 0;
    for (const auto kind : kinds) sum += plane.sum(kind);
    return sum == settled_use(plane);
  }));
  CHECK_EQ(client.call("DISCARD"), "+OK\r\n");
  plane.await(&WorkerCounters::memory_transactions, 0);
}

struct Thing {
  std::uint64_t number = 7;
  std::vector<int> list;
};

TEST(blocks_without_objects_in_use_rest_and_wake_up_as_new) {
  Slab<Thing, 4> slab;
  std::vector<std::uint32_t> taken;
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t index = taken.emplace_back(slab.take());
    CHECK_EQ(slab[index].number, 7U);
    slab[index].number = 9;
    slab[index].list.assign(100, 1);
  }
  const std::size_t bytes = slab.bytes();
  const std::uint32_t kept = taken[500];
  for (const std::uint32_t index : taken) {
    if (index != kept) slab.give(index);
  }
  slab.rest();
  CHECK_EQ(slab.bytes(), bytes);
  slab.rest();
  CHECK(slab.bytes() <= bytes / 32);
  CHECK_EQ(slab[kept].number, 9U);
  CHECK_EQ(slab[taken[0]].number, 0U);
  for (int i = 1; i < 1000; ++i) {
    const std::uint32_t index = slab.take();
    CHECK(index != kept);
    CHECK(index < slab.extent());
    slab[index].list.assign(10, 2);
  }
  CHECK_EQ(slab.used(), 1000U);
  CHECK_EQ(slab.bytes(), bytes);
}

TEST(a_buffer_that_has_shrunk_has_the_same_bytes) {
  const std::int64_t before = memory_use.total;
  ByteBuffer buffer(MemoryKind::kLinks);
  buffer.append(std::string(100'000, 'a').data(), 100'000);
  buffer.append("bcd", 3);
  buffer.consume(100'000);
  buffer.shrink(4096);
  CHECK_EQ(buffer.capacity(), 4096U);
  CHECK_EQ(std::string(reinterpret_cast<const char*>(buffer.data()), buffer.size()), "bcd");
  CHECK(memory_use.total - before >= 4096);
  buffer.consume(3);
  buffer.shrink(0);
  CHECK_EQ(buffer.capacity(), 0U);
  CHECK_EQ(memory_use.total, before);
}

}  // namespace
}  // namespace slotgate::test
