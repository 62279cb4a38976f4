// Commands that the control plane answers: their place in the order, barriers, users.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

TEST(a_control_command_starts_last_and_is_overtaken_by_nothing) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("GET x") + request("FLUSHALL") + request("SET x 1"));
  const Call before = a.take();
  CHECK(a.stays_quiet());
  CHECK(plane.plane().take_up().controls.empty());
  a.reply(before, bulk("0"));
  const ControlRequest asked = plane.take_control();
  CHECK_EQ(asked.args.at(0), "FLUSHALL");
  CHECK_EQ(client.reply(), bulk("0"));
  CHECK(a.stays_quiet());
  plane.answer(asked, "+OK\r\n");
  a.serve("SET x 1", "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
}

TEST(an_unknown_command_goes_up_without_a_row) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.ask("NOSUCH thing");
  const ControlRequest asked = plane.take_control();
  CHECK_EQ(asked.row, -1);
  plane.answer(asked, "-ERR unknown command\r\n");
  CHECK_EQ(client.reply(), "-ERR unknown command\r\n");
}

TEST(a_command_that_became_known_is_dispatched_again_before_what_followed) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.send(request("INFO x") + request("GET x"));
  const ControlRequest asked = plane.take_control();
  plane.on_workers([&](Worker& worker) {
    worker.control().dispatch_again(asked.client_index, asked.client_id);
  });
  const ControlRequest again = plane.take_control();
  CHECK_EQ(again.args.at(0), "INFO");
  CHECK(a.stays_quiet());
  plane.answer(again, "+info\r\n");
  a.serve("GET x", bulk("1"));
  CHECK_EQ(client.reply(), "+info\r\n");
  CHECK_EQ(client.reply(), bulk("1"));
}

TEST(an_answer_for_a_client_that_left_reaches_nobody) {
  FakeServer a;
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.ask("INFO");
  const ControlRequest asked = plane.take_control();
  client.leave(true);
  plane.await(&WorkerCounters::clients, 0);
  TestClient next = plane.connect_served();
  plane.answer(asked, "+late\r\n");
  CHECK(next.hears_nothing());
}

TEST(before_the_login_nothing_reaches_a_server) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.client_must_authenticate = true;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  CHECK_EQ(client.call("GET x"), "-NOAUTH Authentication required.\r\n");
  client.send("*1000\r\n");
  CHECK_EQ(client.reply(), "-ERR Protocol error: unauthenticated multibulk length\r\n");
  CHECK(client.is_closed());
  CHECK_EQ(a.accepted(), 0);
}

TEST(requests_run_as_the_user_that_logged_in) {
  FakeServer a;
  a.answer_with([](const Call& call) { return bulk(std::to_string(call.connection)); });
  PlaneSetup setup;
  setup.settings.users.push_back({"alice", "secret", true});
  TestPlane plane({&a}, setup);
  TestClient other = plane.connect();
  CHECK_EQ(other.call("GET x"), bulk("0"));
  TestClient alice = plane.connect();
  CHECK_EQ(alice.call("GET x"), bulk("0"));
  plane.log_in("AUTH alice secret", alice, 1);
  CHECK_EQ(alice.call("GET x"), bulk("1"));
  CHECK_EQ(alice.call("GET x"), bulk("1"));
  CHECK_EQ(other.call("GET x"), bulk("0"));
  CHECK_EQ(a.handshakes().back(), "HELLO 2 AUTH alice secret SETNAME slotgate::0");
}

}  // namespace
}  // namespace slotgate::test
