// Snapshots adopted while requests are in flight.
#include <thread>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

using std::chrono::milliseconds;

struct TwoServers {
  FakeServer a;
  FakeServer b;
  TestPlane plane;
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);

  explicit TwoServers(const PlaneSetup& setup = {}) : plane({&a, &b}, setup) {}

  void give(std::uint16_t owner, milliseconds age = {}) {
    plane.assign(slot_of(key), owner);
    plane.publish(age);
  }
};

TEST(a_slot_that_changes_hands_waits_for_the_former_owners_answers) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  const Call first = two.a.take();
  two.give(1);
  two.client.ask("SET " + two.key + " 2");
  two.plane.await(&WorkerCounters::held_now, 1);
  CHECK(two.b.stays_quiet());
  two.a.reply(first, "+1\r\n");
  two.b.serve("SET " + two.key + " 2", "+2\r\n");
  CHECK_EQ(two.client.reply(), "+1\r\n");
  CHECK_EQ(two.client.reply(), "+2\r\n");
}

TEST(what_the_former_owner_redirects_goes_before_what_has_arrived) {
  TwoServers two;
  two.client.send(request("SET " + two.key + " 1") + request("SET " + two.key + " 2"));
  const Call first = two.a.take();
  const Call second = two.a.take();
  two.give(1);
  two.client.ask("SET " + two.key + " 3");
  two.plane.await(&WorkerCounters::held_now, 1);
  two.a.reply(first, moved(two.key, two.b));
  two.a.reply(second, moved(two.key, two.b));
  for (const char* const value : {"1", "2", "3"}) {
    two.b.serve("SET " + two.key + " " + value, "+" + std::string(value) + "\r\n");
  }
  for (const char* const value : {"+1\r\n", "+2\r\n", "+3\r\n"})
    CHECK_EQ(two.client.reply(), value);
}

TEST(slots_that_nothing_waits_for_change_hands_at_once) {
  TwoServers two;
  two.client.ask("GET " + two.plane.key_of(0, 1));
  (void)two.a.take();
  two.give(1);
  TestClient other = two.plane.connect();
  other.ask("GET " + two.key);
  two.b.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(other.reply(), bulk("1"));
}

TEST(a_redirect_that_is_newer_than_the_refresh_stays) {
  TwoServers two;
  const std::string get = "GET " + two.key;
  two.client.ask(get);
  two.a.serve(get, moved(two.key, two.b));
  two.b.serve(get, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
  two.plane.publish(milliseconds(10000));  // begun before the redirect
  two.client.ask(get);
  two.b.serve(get, bulk("2"));
  CHECK_EQ(two.client.reply(), bulk("2"));
  std::this_thread::sleep_for(milliseconds(5));
  two.plane.publish();
  two.client.ask(get);
  two.a.serve(get, bulk("3"));
  CHECK_EQ(two.client.reply(), bulk("3"));
}

TEST(a_redirect_to_a_server_that_left_does_not_stay) {
  TwoServers two;
  FakeServer c;
  two.plane.routes().servers.push_back(c.entry());
  two.plane.publish();
  const std::string get = "GET " + two.key;
  two.client.ask(get);
  two.a.serve(get, moved(two.key, c));
  c.serve(get, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
  two.plane.routes().servers.pop_back();
  two.plane.publish(milliseconds(10000));
  two.client.ask(get);
  two.a.serve(get, bulk("2"));
  CHECK_EQ(two.client.reply(), bulk("2"));
}

TEST(a_server_that_moved_to_another_address_is_connected_to_there) {
  TwoServers two;
  const std::string get = "GET " + two.key;
  two.client.ask(get);
  two.a.serve(get, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
  FakeServer there;
  there.pretend_to_be(two.a.node_id());
  ServerEntry entry = there.entry();
  entry.node_id = two.a.node_id();
  two.plane.routes().servers[0] = entry;
  two.plane.publish();
  two.client.ask(get);
  there.serve(get, bulk("2"));
  CHECK_EQ(two.client.reply(), bulk("2"));
}

TEST(a_silent_server_that_lost_all_slots_in_flight_is_given_up) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  (void)two.a.take();
  two.give(1);
  two.client.ask("SET " + two.key + " 2");
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  two.b.serve("SET " + two.key + " 2", "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  // It may still read what was written: that must not be executed behind what comes.
  const std::string later = "GET " + two.plane.key_of(0, 1);
  two.client.ask(later);
  two.a.serve(later, bulk("1"));
  CHECK_EQ(two.a.handshakes().back(), "CLIENT KILL ID 100");
}

TEST(a_repeated_read_is_repeated_again_if_its_server_was_given_up) {
  TwoServers two;
  const std::string read = "GET " + two.key;
  two.client.ask(read);
  (void)two.a.take();
  two.a.close_connections();
  (void)two.a.take();
  two.give(1);
  two.b.serve(read, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(but_not_when_its_time_is_up) {
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 500;
  TwoServers two(setup);
  two.client.ask("GET " + two.key);
  (void)two.a.take();
  two.a.close_connections();
  (void)two.a.take();
  two.give(1);
  CHECK(two.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  CHECK(two.b.stays_quiet());
}

TEST(a_silent_server_that_owns_a_slot_in_flight_is_waited_for) {
  TwoServers two;
  TestClient other = two.plane.connect();
  two.client.ask("SET " + two.key + " 1");
  const Call lost = two.a.take();
  other.ask("SET " + two.plane.key_of(0, 1) + " 1");
  const Call kept = two.a.take();
  two.give(1);
  std::this_thread::sleep_for(milliseconds(2200));
  CHECK_EQ(two.plane.sum(&WorkerCounters::links_lost), 0U);
  two.a.reply(lost, "+1\r\n");
  two.a.reply(kept, "+2\r\n");
  CHECK_EQ(two.client.reply(), "+1\r\n");
  CHECK_EQ(other.reply(), "+2\r\n");
}

TEST(a_server_that_imports_a_slot_is_not_given_up_at_a_refresh) {
  TwoServers two;
  two.a.answer_with([&](const Call&) { return ask_at(two.key, two.b); });
  two.client.ask("SET " + two.key + " 1");
  const Call asked = two.b.take();
  CHECK(asked.asking);
  two.plane.publish();
  std::this_thread::sleep_for(milliseconds(2200));
  CHECK_EQ(two.plane.sum(&WorkerCounters::links_lost), 0U);
  two.b.reply(asked, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
}

TEST(an_unlisted_server_is_left_when_it_has_answered) {
  TwoServers two;
  two.client.ask("SET " + two.key + " 1");
  const Call last = two.a.take();
  two.plane.routes().servers = {two.b.entry()};
  two.plane.routes().slot_to_server.fill(0);
  two.plane.publish();
  two.a.reply(last, "+OK\r\n");
  CHECK_EQ(two.client.reply(), "+OK\r\n");
  two.plane.await(&WorkerCounters::links_lost, 1);
  two.client.ask("GET " + two.key);
  two.b.serve("GET " + two.key, bulk("1"));
  CHECK_EQ(two.client.reply(), bulk("1"));
}

TEST(snapshots_swapped_under_load_lose_and_swap_no_reply) {
  TwoServers two;
  const auto own = [&](FakeServer& self, FakeServer& peer, std::uint16_t number) {
    return [&, number](const Call& call) -> std::string {
      const std::string& key = call.arg(1);
      const bool mine = slot_of(key) % 2 == number;
      return mine ? bulk(key) : moved(key, number == 0 ? peer : two.a);
    };
    (void)self;
  };
  two.a.answer_with(own(two.a, two.b, 0));
  two.b.answer_with(own(two.b, two.a, 1));
  constexpr int kRequests = 2000;
  std::string pipeline;
  for (int i = 0; i < kRequests; ++i) pipeline += request("GET k" + std::to_string(i));
  std::thread sender([&] { two.client.send(pipeline); });
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      // Right for three quarters of the slots, another quarter wrong in each round.
      const bool wrong = (slot / 2 + static_cast<std::uint32_t>(round)) % 4 == 0;
      two.plane.assign(static_cast<std::uint16_t>(slot),
                       static_cast<std::uint16_t>((slot + (wrong ? 1 : 0)) % 2));
    }
    two.plane.publish();
  }
  sender.join();
  for (int i = 0; i < kRequests; ++i) CHECK_EQ(two.client.reply(), bulk("k" + std::to_string(i)));
}

}  // namespace
}  // namespace slotgate::test
