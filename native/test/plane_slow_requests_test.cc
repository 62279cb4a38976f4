// Requests that took long are told to the control plane, with their arguments as servers keep them.
#include <thread>

#include "plane/slow_requests.h"
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

PlaneSetup slow_after(std::uint32_t milliseconds) {
  PlaneSetup setup;
  setup.settings.limits.slow_after_ms = milliseconds;
  return setup;
}

/// The next slow requests; waits until there are `count`.
std::vector<SlowRequest> take_slow(TestPlane& plane, std::size_t count) {
  std::vector<SlowRequest> all;
  const bool came = eventually([&] {
    for (SlowRequest& slow : plane.plane().take_up().slow) all.push_back(std::move(slow));
    return all.size() >= count;
  });
  CHECK(came);
  CHECK_EQ(all.size(), count);
  all.resize(count);
  return all;
}

TEST(only_requests_that_took_so_long_are_noted) {
  FakeServer a;
  TestPlane plane({&a}, slow_after(50));
  TestClient client = plane.connect();
  client.ask("GET fast");
  a.serve("GET fast", bulk("1"));
  CHECK_EQ(client.reply(), bulk("1"));
  client.ask("GET slow");
  const Call call = a.take();
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  a.reply(call, bulk("2"));
  CHECK_EQ(client.reply(), bulk("2"));
  const SlowRequest slow = take_slow(plane, 1).front();
  CHECK(slow.args == (std::vector<std::string>{"GET", "slow"}));
  CHECK(slow.duration_ms >= 50);
  CHECK_EQ(slow.database, 1U);
  CHECK(slow.client_address.starts_with("127.0.0.1:"));
}

TEST(zero_notes_all_and_never_notes_none) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  {
    TestPlane plane({&a}, slow_after(0));
    TestClient client = plane.connect();
    client.call("SET x 1");
    client.call("GET x");
    const std::vector<SlowRequest> slow = take_slow(plane, 2);
    CHECK_EQ(slow.at(0).args.at(0), "SET");
    CHECK_EQ(slow.at(1).args.at(0), "GET");
  }
  TestPlane plane({&a}, slow_after(UINT32_MAX));
  TestClient client = plane.connect();
  client.call("GET x");
  CHECK(plane.plane().take_up().slow.empty());
}

TEST(of_very_many_some_are_told_and_the_rest_is_counted) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a}, slow_after(0));
  TestClient client = plane.connect();
  constexpr std::size_t kRequests = 5000;
  const auto began = std::chrono::steady_clock::now();
  std::string pipeline;
  for (std::size_t i = 0; i < kRequests; ++i) pipeline += request("GET x");
  client.send(pipeline);
  for (std::size_t i = 0; i < kRequests; ++i) CHECK_EQ(client.reply(), bulk("1"));
  const auto took = std::chrono::steady_clock::now() - began;
  const auto windows = static_cast<std::size_t>(took / std::chrono::milliseconds(100)) + 2;
  std::size_t told = 0;
  const bool came = eventually([&] {
    told += plane.plane().take_up().slow.size();
    return told >= SlowRequests::kNotesPerWindow;
  });
  CHECK(came);
  CHECK(told <= windows * SlowRequests::kNotesPerWindow);
  CHECK_EQ(plane.sum(&WorkerCounters::slow_requests), kRequests);
}

TEST(arguments_are_cut_as_by_a_server) {
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  TestPlane plane({&a}, slow_after(0));
  TestClient client = plane.connect();
  client.call("SET x " + std::string(200, 'v'));
  CHECK_EQ(take_slow(plane, 1).at(0).args.at(2), std::string(128, 'v') + "... (72 more bytes)");
  client.call("SET x " + std::string(128, 'v'));
  CHECK_EQ(take_slow(plane, 1).at(0).args.at(2), std::string(128, 'v'));
  std::string many = "SET x";
  for (int i = 0; i < 31; ++i) many += " " + std::to_string(i);
  client.call(many);
  const std::vector<std::string> cut = take_slow(plane, 1).at(0).args;
  CHECK_EQ(cut.size(), 32U);
  CHECK_EQ(cut.at(30), "28");
  CHECK_EQ(cut.at(31), "... (2 more arguments)");
}

TEST(each_part_of_a_split_request_is_one) {
  FakeServer a;
  FakeServer b;
  const auto answer = [](const Call&) { return std::string("+OK\r\n"); };
  a.answer_with(answer);
  b.answer_with(answer);
  TestPlane plane({&a, &b}, slow_after(0));
  TestClient client = plane.connect();
  client.call("MSET " + plane.key_of(0) + " 1 " + plane.key_of(1) + " 2");
  for (const SlowRequest& slow : take_slow(plane, 2)) CHECK_EQ(slow.args.size(), 3U);
}

TEST(control_commands_are_noted_but_not_those_with_secrets) {
  FakeServer a;
  TestPlane plane({&a}, slow_after(0));
  TestClient client = plane.connect();
  const auto answer = [&] {
    const ControlRequest asked = plane.take_control();
    ControlAnswer given;
    given.reply = "+OK\r\n";
    plane.on_workers([&](Worker& worker) {
      worker.control().answer(asked.client_index, asked.client_id, given);
    });
    CHECK_EQ(client.reply(), "+OK\r\n");
  };
  client.ask("AUTH secret");
  answer();
  client.ask("INFO keyspace");
  answer();
  const SlowRequest slow = take_slow(plane, 1).front();
  CHECK(slow.args == (std::vector<std::string>{"INFO", "keyspace"}));
}

TEST(a_burst_is_bounded) {
  FakeServer a;
  a.answer_with([](const Call&) { return bulk("1"); });
  TestPlane plane({&a}, slow_after(0));
  TestClient client = plane.connect();
  std::string many;
  for (int i = 0; i < 5000; ++i) many += request("GET x");
  client.send(many);
  for (int i = 0; i < 5000; ++i) client.reply();
  CHECK(plane.plane().take_up().slow.size() <= 1024);
}

}  // namespace
}  // namespace slotgate::test
