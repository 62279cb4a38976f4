// Clients that are told what has changed: links of their own, and pushes in the right places.
#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

const std::string kAllVoid = ">2\r\n$10\r\ninvalidate\r\n_\r\n";

std::string invalidation(const std::string& key) {
  return ">2\r\n$10\r\ninvalidate\r\n*1\r\n" + bulk(key);
}

BoundLinks tracks() {
  BoundLinks bound;
  bound.setup = {{"CLIENT", "TRACKING", "ON"}};
  bound.tracks = true;
  bound.state = "on";
  return bound;
}

struct Reading {
  FakeServer a;
  FakeServer b;
  TestPlane plane{{&a, &b}};
  TestClient client = plane.connect();
  std::string key = plane.key_of(0);
  std::string other = plane.key_of(1);

  /// Answers a control command of `who` with what `given` says.
  ControlRequest control(TestClient& who, const ControlAnswer& given = {},
                         const BoundLinks* bound = nullptr) {
    who.ask("INFO");
    const ControlRequest asked = plane.take_control();
    if (bound != nullptr) {
      plane.on_workers([&](Worker& worker) {
        worker.control().bind(asked.client_index, asked.client_id, *bound);
      });
    }
    ControlAnswer answer = given;
    answer.reply = "+OK\r\n";
    plane.answer(asked, answer);
    CHECK_EQ(who.reply(), "+OK\r\n");
    return asked;
  }
  void speak_resp3(TestClient& who) {
    ControlAnswer given;
    given.protocol = 3;
    control(who, given);
  }
  void track(const BoundLinks& bound = tracks()) {
    speak_resp3(client);
    control(client, {}, &bound);
  }
  /// Takes the setup and the request of the client's link to `server`. The connection.
  int opened(FakeServer& server, const std::string& text, const std::string& reply) {
    const Call setup = server.take();
    CHECK_EQ(setup.text(), "CLIENT TRACKING ON");
    server.reply(setup, "+OK\r\n");
    const Call call = server.take();
    CHECK_EQ(call.text(), text);
    CHECK_EQ(call.connection, setup.connection);
    server.reply(call, reply);
    return call.connection;
  }
  int read() {
    client.ask("GET " + key);
    const int connection = opened(a, "GET " + key, bulk("0"));
    CHECK_EQ(client.reply(), bulk("0"));
    return connection;
  }
};

TEST(a_tracking_client_has_links_of_its_own_that_begin_with_what_it_asked_for) {
  Reading it;
  TestClient stranger = it.plane.connect();
  it.speak_resp3(stranger);
  stranger.ask("GET " + it.key);
  const Call shared = it.a.take();
  it.a.reply(shared, bulk("0"));
  CHECK_EQ(stranger.reply(), bulk("0"));
  it.track();
  const int own = it.read();
  CHECK(own != shared.connection);
  it.client.ask("GET " + it.key);
  const Call again = it.a.take();
  CHECK_EQ(again.text(), "GET " + it.key);
  CHECK_EQ(again.connection, own);
  it.a.reply(again, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.plane.sum(&WorkerCounters::bound_clients), 1U);
}

TEST(a_tracking_client_that_waits_for_nothing_is_told_at_once) {
  Reading it;
  it.track();
  const int connection = it.read();
  it.a.send_to(connection, invalidation(it.key));
  CHECK_EQ(it.client.reply(), invalidation(it.key));
}

TEST(an_invalidation_stays_behind_the_reply_that_it_makes_void) {
  Reading it;
  it.track();
  const int own = it.read();
  it.client.ask("GET " + it.other);
  const int other = it.opened(it.b, "GET " + it.other, bulk("0"));
  CHECK_EQ(it.client.reply(), bulk("0"));
  it.client.send(request("GET " + it.key) + request("GET " + it.other));
  const Call first = it.a.take();
  const Call second = it.b.take();
  CHECK_EQ(first.connection, own);
  it.b.send_to(other, bulk("1") + invalidation(it.other));
  CHECK(second.connection == other);
  it.plane.await(&WorkerCounters::pushes, 1);
  it.a.reply(first, bulk("2"));
  CHECK_EQ(it.client.reply(), bulk("2"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.client.reply(), invalidation(it.other));
}

TEST(an_invalidation_does_not_wait_for_replies_that_are_not_here) {
  Reading it;
  it.track();
  const int own = it.read();
  it.client.ask("GET " + it.key);
  const Call call = it.a.take();
  it.a.send_to(own, invalidation(it.key));
  CHECK_EQ(it.client.reply(), invalidation(it.key));
  it.a.reply(call, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
}

TEST(a_lost_link_of_a_tracking_client_voids_everything) {
  Reading it;
  it.track();
  const int connection = it.read();
  it.a.close_connection(connection);
  CHECK_EQ(it.client.reply(), kAllVoid);
  it.read();
}

TEST(a_slot_that_leaves_a_server_voids_what_was_read_there) {
  Reading it;
  it.track();
  it.read();
  it.plane.assign(slot_of(it.key), 1);
  it.plane.publish();
  CHECK_EQ(it.client.reply(), kAllVoid);
}

TEST(what_is_for_the_next_command_is_sent_in_front_of_it_once) {
  Reading it;
  BoundLinks bound = tracks();
  bound.by_choice = true;
  it.track(bound);
  const int connection = it.read();
  ControlAnswer given;
  given.before_next = request("CLIENT CACHING YES");
  CHECK_EQ(it.control(it.client, given).connection_state, "on");
  for (const bool first : {true, false}) {
    it.client.ask("GET " + it.key);
    Call call = it.a.take();
    if (first) {
      CHECK_EQ(call.text(), "CLIENT CACHING YES");
      CHECK_EQ(call.connection, connection);
      it.a.reply(call, "+OK\r\n");
      call = it.a.take();
    }
    CHECK_EQ(call.text(), "GET " + it.key);
    it.a.reply(call, bulk("1"));
    CHECK_EQ(it.client.reply(), bulk("1"));
  }
}

TEST(invalidations_of_a_resp2_client_go_to_the_client_that_it_named) {
  Reading it;
  TestClient target = it.plane.connect();
  it.speak_resp3(target);
  const ControlRequest named = it.control(target);
  BoundLinks bound = tracks();
  bound.setup = {{"CLIENT", "TRACKING", "ON", "REDIRECT", "0"}};
  bound.target_word = 4;
  bound.target = {named.client_id, named.client_index};
  it.control(it.client, {}, &bound);
  // The shared link of protocol 3 that hears of it is there when the target has read something.
  target.ask("GET " + it.key);
  const Call shared = it.a.take();
  it.a.reply(shared, bulk("0"));
  CHECK_EQ(target.reply(), bulk("0"));
  it.client.ask("GET " + it.key);
  const Call setup = it.a.take();
  CHECK(setup.text().starts_with("CLIENT TRACKING ON REDIRECT "));
  CHECK(!setup.text().ends_with(" 0"));
  it.a.reply(setup, "+OK\r\n");
  it.a.serve("GET " + it.key, bulk("0"));
  CHECK_EQ(it.client.reply(), bulk("0"));
  it.a.send_to(shared.connection, invalidation(it.key));
  CHECK_EQ(target.reply(), invalidation(it.key));
  // Its loss voids everything, since nobody hears of changes any more.
  it.a.close_connection(shared.connection);
  CHECK_EQ(target.reply(), kAllVoid);
}

TEST(links_of_a_client_that_tracks_no_more_are_others) {
  Reading it;
  it.track();
  const int connection = it.read();
  BoundLinks none;
  none.teardown = {{"CLIENT", "TRACKING", "OFF"}};
  it.control(it.client, {}, &none);
  const Call off = it.a.take();
  CHECK_EQ(off.text(), "CLIENT TRACKING OFF");
  CHECK_EQ(off.connection, connection);
  it.a.reply(off, "+OK\r\n");
  it.client.ask("GET " + it.key);
  const Call call = it.a.take();
  CHECK(call.connection != connection);
  it.a.send_to(connection, invalidation(it.key));
  it.a.reply(call, bulk("1"));
  CHECK_EQ(it.client.reply(), bulk("1"));
  CHECK_EQ(it.plane.sum(&WorkerCounters::bound_clients), 0U);
}

TEST(a_tracking_client_that_leaves_takes_its_links_along) {
  Reading it;
  it.track();
  it.read();
  const std::uint64_t links = it.plane.sum(&WorkerCounters::links);
  it.client.leave();
  it.plane.await(&WorkerCounters::links, links - 1);
  it.plane.await(&WorkerCounters::bound_clients, 0);
}

}  // namespace
}  // namespace slotgate::test
