// MONITOR: what the clients of all workers send, told to clients of any worker.
#include <algorithm>

#include "plane/monitor_line.h"
#include "test/check.h"
#include "test/commands.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// Answers the control command that is up as TypeScript would.
void answer(TestPlane& plane, const std::string& reply, ClientChange change) {
  const ControlRequest asked = plane.take_control();
  ControlAnswer given;
  given.reply = reply;
  given.change = change;
  plane.plane().post(static_cast<std::uint32_t>(asked.client_id % 256),
                     [asked, given](Worker& worker) {
                       worker.control().answer(asked.client_index, asked.client_id, given);
                     });
}

void begin_monitor(TestPlane& plane, TestClient& client) {
  client.ask("MONITOR");
  answer(plane, "+OK\r\n", ClientChange::kMonitor);
  CHECK_EQ(client.reply(), "+OK\r\n");
}

/// A line without its time and address.
std::string shown(const std::string& line) {
  const std::size_t at = line.find("] ");
  CHECK(line.starts_with("+") && at != std::string::npos && line.find(" [0 127.0.0.1:") < at);
  return at == std::string::npos ? line : line.substr(at + 2);
}

bool is_watched(TestPlane& plane) {
  bool watched = false;
  plane.on_workers([&](Worker& worker) {
    for (const auto& database : worker.context().databases)
      watched = watched || database->attention != 0;
  });
  return watched;
}

TEST(monitors_see_what_clients_of_all_workers_send) {
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  PlaneSetup setup;
  setup.workers = 3;
  TestPlane plane({&a}, setup);
  TestClient first = plane.connect();
  TestClient second = plane.connect();
  begin_monitor(plane, first);
  begin_monitor(plane, second);
  std::vector<TestClient> clients;
  std::vector<std::string> sent;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(plane.connect());
    clients.back().call("SET x " + std::to_string(i));
    sent.push_back("\"SET\" \"x\" \"" + std::to_string(i) + "\"\r\n");
  }
  for (TestClient* monitor : {&first, &second}) {
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < sent.size(); ++i) seen.push_back(shown(monitor->reply()));
    std::sort(seen.begin(), seen.end());
    CHECK(seen == sent);
  }
}

TEST(a_monitor_that_leaves_is_counted_no_more) {
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  TestClient quits = plane.connect();
  TestClient resets = plane.connect();
  begin_monitor(plane, quits);
  begin_monitor(plane, resets);
  CHECK(is_watched(plane));
  quits.leave();
  resets.ask("RESET");
  answer(plane, "+RESET\r\n", ClientChange::kReset);
  CHECK_EQ(resets.reply(), "+RESET\r\n");
  CHECK(eventually([&] { return !is_watched(plane); }));
  TestClient client = plane.connect();
  client.call("GET x");
  CHECK(resets.hears_nothing());
  CHECK_EQ(resets.call("GET x"), "+OK\r\n");
}

TEST(one_that_leaves_before_it_is_answered_is_not_counted_either) {
  FakeServer a;
  PlaneSetup setup;
  setup.workers = 2;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  client.ask("MONITOR");
  const ControlRequest asked = plane.take_control();
  ControlAnswer given;
  given.reply = "+OK\r\n";
  given.change = ClientChange::kMonitor;
  plane.plane().post(static_cast<std::uint32_t>(asked.client_id % 256), [=](Worker& worker) {
    worker.control().answer(asked.client_index, asked.client_id, given);
    Client* gone = worker.clients().find(asked.client_index, asked.client_id);
    worker.clients().close(*gone);
  });
  plane.await(&WorkerCounters::clients, 0);
  CHECK(eventually([&] { return !is_watched(plane); }));
}

TEST(a_monitor_may_not_touch_keys) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient monitor = plane.connect();
  begin_monitor(plane, monitor);
  CHECK_EQ(monitor.call("GET x"), "-ERR Replica can't interact with the keyspace\r\n");
  CHECK_EQ(monitor.call("SET x 1"), "-ERR Replica can't interact with the keyspace\r\n");
  monitor.ask("PING");
  std::vector<std::string> both{monitor.reply(), monitor.reply()};
  CHECK(both[0] == "+PONG\r\n" || both[1] == "+PONG\r\n");
}

TEST(passwords_and_admin_commands_are_not_shown) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient monitor = plane.connect();
  begin_monitor(plane, monitor);
  TestClient client = plane.connect();
  client.ask("AUTH alice secret");
  answer(plane, "+OK\r\n", ClientChange::kNone);
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.ask("FLUSHALL");
  answer(plane, "+OK\r\n", ClientChange::kNone);
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.call("GET");
  client.call("PING end");
  CHECK_EQ(shown(monitor.reply()), "\"AUTH\" \"(redacted)\" \"(redacted)\"\r\n");
  CHECK_EQ(shown(monitor.reply()), "\"PING\" \"end\"\r\n");
}

TEST(a_monitor_that_does_not_read_is_closed) {
  FakeServer a;
  a.answer_with([](const Call&) { return "+OK\r\n"; });
  PlaneSetup setup;
  setup.settings.limits.subscriber_output_bytes_max = 256 * 1024;
  TestPlane plane({&a}, setup);
  TestClient monitor = plane.connect();
  begin_monitor(plane, monitor);
  TestClient client = plane.connect();
  const std::string large = "SET x " + std::string(60000, 'v');
  CHECK(eventually([&] {
    client.call(large);
    return plane.sum(&WorkerCounters::clients) == 1;
  }));
  CHECK(eventually([&] { return !is_watched(plane); }));
}

TEST(any_byte_is_quoted_as_by_a_server) {
  const FramedRequest asked = framed({"set", "a b", std::string("\\\"\n\r\t\a\b\0\x7f\xc3", 10)});
  std::string line;
  append_monitor_line(line, 1339518083107412, "1.2.3.4:5", bytes_of("put"), asked.frame(),
                      asked.args, false);
  CHECK_EQ(line,
           "+1339518083.107412 [0 1.2.3.4:5] \"put\" \"a b\" "
           "\"\\\\\\\"\\n\\r\\t\\a\\b\\x00\\x7f\\xc3\"\r\n");
}

}  // namespace
}  // namespace slotgate::test
