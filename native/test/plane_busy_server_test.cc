// Servers that run a script for too long, and answer nothing but what ends it.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

/// What comes of SCRIPT KILL, sent for the client that asked.
std::uint64_t kill_script(TestPlane& plane, const ControlRequest& asked, const FakeServer& server,
                          bool to_busy) {
  ErrandOrder order;
  order.lease = true;
  order.to_busy = to_busy;
  return plane.send(asked, server, "SCRIPT KILL", order);
}

TEST(a_busy_server_is_reached_by_what_ends_its_script) {
  FakeServer a;
  a.be_busy(true);
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.ask("FLUSHALL");
  const ControlRequest asked = plane.take_control();
  const std::uint64_t busy = kill_script(plane, asked, a, true);
  a.serve("SCRIPT KILL", "+OK\r\n");
  CHECK_EQ(plane.outcome(busy).text, "+OK\r\n");
  // Who answered is not known: nothing else goes over that link.
  a.be_busy(false);
  const std::uint64_t second = kill_script(plane, asked, a, true);
  a.serve("SCRIPT KILL", "-NOTBUSY\r\n");
  CHECK_EQ(plane.outcome(second).text, "-NOTBUSY\r\n");
  CHECK_EQ(a.accepted(), 2);
  // A server that told who it is keeps its link.
  const std::uint64_t third = kill_script(plane, asked, a, true);
  a.serve("SCRIPT KILL", "-NOTBUSY\r\n");
  CHECK_EQ(plane.outcome(third).text, "-NOTBUSY\r\n");
  CHECK_EQ(a.accepted(), 2);
}

TEST(a_busy_server_is_reached_by_nothing_else) {
  FakeServer a;
  a.be_busy(true);
  TestPlane plane({&a});
  TestClient client = plane.connect();
  client.ask("FLUSHALL");
  const ErrandOutcome outcome = plane.outcome(kill_script(plane, plane.take_control(), a, false));
  CHECK(outcome.kind == ErrandOutcome::Kind::kNotSent);
  CHECK_EQ(outcome.text, "-BUSY Redis is busy running a script.");
  CHECK_EQ(a.waiting(), 0U);
}

}  // namespace
}  // namespace slotgate::test
