// Back-pressure, windows, large replies: memory stays bounded and order is kept.
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

/// A value whose bytes tell where they belong.
std::string pattern(std::size_t size, char seed) {
  std::string value(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    value[i] = static_cast<char>(seed + static_cast<char>(i / 4096 % 26));
  return value;
}

TEST(a_client_that_never_reads_is_not_read_from_for_long) {
  FakeServer a;
  const std::string value = bulk(std::string(1000, 'v'));
  a.answer_with([&](const Call&) { return value; });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  const std::string get = request("GET x");
  const std::size_t offered = 400000;
  const std::size_t sent = client.send_some(times(offered, get)) / get.size();
  CHECK(sent < offered);
  // The kernel's buffers hold some megabytes; the proxy itself must not take in more than a window.
  CHECK(plane.sum(&WorkerCounters::requests) < 30000);
  CHECK_EQ(plane.sum(&WorkerCounters::output_limit_closed), 0U);
  CHECK_EQ(other.call("GET y"), value);
  for (std::size_t i = 0; i < sent; ++i) {
    if (client.reply() == value) continue;
    CHECK_EQ(i, sent);
    break;
  }
}

TEST(a_client_that_reads_again_gets_everything_in_order) {
  FakeServer a;
  FakeServer b;
  const auto echo = [](const Call& call) { return bulk(call.arg(1) + std::string(3000, '.')); };
  a.answer_with(echo);
  b.answer_with(echo);
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  std::string pipeline;
  constexpr int kRequests = 5000;
  for (int i = 0; i < kRequests; ++i) pipeline += request("GET k" + std::to_string(i));
  const std::size_t sent = client.send_some(pipeline);
  std::thread rest([&] { client.send(std::string_view(pipeline).substr(sent)); });
  for (int i = 0; i < kRequests; ++i) {
    const std::string reply = client.reply();
    if (reply == bulk("k" + std::to_string(i) + std::string(3000, '.'))) continue;
    CHECK_EQ(i, kRequests);
    break;
  }
  rest.join();
}

TEST(large_replies_are_streamed_whole_and_in_order) {
  FakeServer a;
  FakeServer b;
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  const std::string on_a = "GET " + plane.key_of(0);
  const std::string on_b = "GET " + plane.key_of(1);
  const std::vector<std::size_t> sizes{65535, 65536, 65537, 1000000, 8U * 1024 * 1024};
  for (const std::size_t size : sizes) {
    client.send(request(on_a) + request(on_b) + request(on_a));
    const std::string first = bulk(pattern(size, 'a'));
    const std::string second = bulk(pattern(size, 'A'));
    const std::string third = bulk("small");
    // The second reply is complete before the first one begins.
    b.serve(on_b, second);
    CHECK(client.hears_nothing());
    const Call one = a.take();
    const Call two = a.take();
    std::thread server([&] {
      a.reply(one, first);
      a.reply(two, third);
    });
    CHECK(client.reply() == first);
    CHECK(client.reply() == second);
    CHECK(client.reply() == third);
    server.join();
  }
  CHECK(plane.sum(&WorkerCounters::streamed_replies) >= 2);
}

TEST(large_arrays_are_joined_and_streamed) {
  FakeServer a;
  FakeServer b;
  const auto values = [](const Call& call) {
    std::vector<std::string> all;
    for (std::size_t i = 1; i < call.args.size(); ++i)
      all.push_back(pattern(300000, call.args[i].back()));
    return array(all);
  };
  a.answer_with(values);
  b.answer_with(values);
  TestPlane plane({&a, &b});
  TestClient client = plane.connect();
  std::string line = "MGET";
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    line += " k" + std::to_string(i);
    expected.push_back(pattern(300000, static_cast<char>('0' + i)));
  }
  CHECK(client.call(line) == array(expected));
  CHECK(client.call("MGET k1") == array({pattern(300000, '1')}));
}

TEST(a_streamed_reply_to_a_client_that_left_does_not_spoil_the_link) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  client.ask("GET big");
  const Call big = a.take();
  other.ask("GET x");
  const Call small = a.take();
  const std::string value = bulk(std::string(500000, 'x'));
  a.send_to(big.connection, value.substr(0, 200000));
  if (!eventually([&] { return plane.sum(&WorkerCounters::streamed_replies) == 1; })) CHECK(false);
  client.leave(true);
  plane.await(&WorkerCounters::clients, 1);
  a.send_to(big.connection, value.substr(200000));
  a.reply(small, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
  CHECK_EQ(plane.sum(&WorkerCounters::links_lost), 0U);
}

TEST(a_silent_server_bounds_what_is_kept_for_it) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.limits.link_unanswered_bytes_max = 512 * 1024;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  constexpr int kRequests = 30;
  const std::string value(60 * 1024, 'v');
  std::string pipeline;
  for (int i = 0; i < kRequests; ++i)
    pipeline += multibulk({"SET", "k" + std::to_string(i), value});
  std::thread sender([&] { client.send(pipeline); });
  if (!eventually([&] { return a.waiting() >= 8; })) CHECK(false);
  // Others stall only for requests that need this link.
  CHECK_EQ(other.call("PING"), "+PONG\r\n");
  CHECK(a.waiting() <= 9);
  for (int i = 0; i < kRequests; ++i) {
    const Call call = a.take();
    CHECK_EQ(call.arg(1), "k" + std::to_string(i));
    a.reply(call, ":" + std::to_string(i) + "\r\n");
  }
  sender.join();
  for (int i = 0; i < kRequests; ++i) CHECK_EQ(client.reply(), ":" + std::to_string(i) + "\r\n");
}

TEST(a_stalled_client_goes_on_when_the_link_is_lost) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.limits.link_unanswered_bytes_max = 512 * 1024;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  std::string pipeline;
  for (int i = 0; i < 12; ++i) pipeline += multibulk({"SET", "k", std::string(60 * 1024, 'v')});
  client.send(pipeline);
  if (!eventually([&] { return a.waiting() >= 8; })) CHECK(false);
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  a.close_connections();
  int unknown = 0;
  int ok = 0;
  for (int i = 0; i < 12; ++i) {
    const std::string reply = client.reply();
    if (reply.starts_with("-OUTCOMEUNKNOWN ")) ++unknown;
    if (reply == "+OK\r\n") ++ok;
  }
  CHECK(unknown >= 8);
  CHECK_EQ(unknown + ok, 12);
}

TEST(a_client_with_a_full_window_goes_on_when_replies_come) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  std::string pipeline;
  for (int i = 0; i < 3000; ++i) pipeline += request("GET k" + std::to_string(i));
  client.send(pipeline);
  if (!eventually([&] { return a.waiting() == TestPlane::kKnownWindow; }))
    CHECK_EQ(a.waiting(), TestPlane::kKnownWindow);
  CHECK_EQ(plane.sum(&WorkerCounters::requests), TestPlane::kKnownWindow);
  for (int i = 0; i < 3000; ++i)
    a.serve("GET k" + std::to_string(i), ":" + std::to_string(i) + "\r\n");
  for (int i = 0; i < 3000; ++i) CHECK_EQ(client.reply(), ":" + std::to_string(i) + "\r\n");
}

}  // namespace
}  // namespace slotgate::test
