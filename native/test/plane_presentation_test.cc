// What clients are shown decides what they may send: CROSSSLOT, MOVED, and the words of a cluster.
#include <algorithm>

#include "plane/dispatcher.h"
#include "test/check.h"
#include "test/commands.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

const std::string kElsewhere = "10.0.0.2:7001";
const std::string kNoCluster = "-ERR This instance has cluster support disabled\r\n";
const std::string kAborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";

/// A node of a cluster that serves the lower half of the slots.
Presentation lower_half() {
  Presentation shown;
  shown.hello_mode = "cluster";
  shown.shows_cluster = shown.one_slot_only = true;
  shown.targets = {"10.0.0.1:7000", kElsewhere};
  shown.slot_to_target.assign(kSlotCount, Presentation::kHere);
  std::fill(shown.slot_to_target.begin() + kSlotCount / 2, shown.slot_to_target.end(),
            std::uint16_t{1});
  return shown;
}

std::string moved_to(const std::string& key) {
  return "-MOVED " + std::to_string(slot_of(key)) + " " + kElsewhere + "\r\n";
}

/// A server for each half of the slots, behind a proxy for the lower one.
struct Halves {
  explicit Halves(const Presentation& shown = lower_half()) { plane.show({shown}); }

  FakeServer a;
  FakeServer b;
  TestPlane plane{{&a, &b}};
  TestClient client = plane.connect();
  std::string here = plane.key_of(0);
  std::string there = plane.key_of(1);

  [[nodiscard]] std::uint64_t moved() const { return plane.sum(&WorkerCounters::moved_answered); }
};

TEST(without_presentations_clients_are_shown_one_server) {
  FakeServer a;
  a.answer_with([](const Call& call) { return array({call.arg(1)}); });
  TestPlane plane({&a});
  TestClient client = plane.connect();
  CHECK_EQ(client.call("READONLY"), kNoCluster);
  CHECK_EQ(client.call("MGET a b"), array({"a", "b"}));
  CHECK(client.call("HELLO 3").ends_with(bulk("mode") + bulk("standalone") + bulk("role") +
                                         bulk("master") + bulk("modules") + "*0\r\n"));
}

TEST(a_cluster_is_shown_in_hello_and_accepts_what_is_said_to_its_nodes) {
  Halves halves;
  CHECK(halves.client.call("HELLO").find(bulk("mode") + bulk("cluster")) != std::string::npos);
  CHECK(halves.client.call("HELLO 3").find(bulk("mode") + bulk("cluster")) != std::string::npos);
  CHECK_EQ(halves.client.call("READONLY"), "+OK\r\n");
}

TEST(a_key_that_is_elsewhere_is_answered_with_moved_and_reaches_no_server) {
  Halves halves;
  CHECK_EQ(halves.client.call("GET " + halves.there), moved_to(halves.there));
  CHECK_EQ(halves.client.call("SET " + halves.there + " 1"), moved_to(halves.there));
  CHECK_EQ(halves.client.call("RENAME {" + halves.there + "}1 {" + halves.there + "}2"),
           moved_to(halves.there));
  CHECK_EQ(halves.client.call("MGET {" + halves.there + "}1 {" + halves.there + "}2"),
           moved_to(halves.there));
  CHECK_EQ(halves.client.call("EVAL body 1 " + halves.there), moved_to(halves.there));
  CHECK_EQ(halves.client.call("SPUBLISH " + halves.there + " hello"), moved_to(halves.there));
  CHECK_EQ(halves.moved(), 6U);
  CHECK_EQ(halves.b.accepted(), 0);
  halves.client.ask("GET " + halves.here);
  halves.a.serve("GET " + halves.here, bulk("1"));
  CHECK_EQ(halves.client.reply(), bulk("1"));
  CHECK_EQ(halves.moved(), 6U);
}

TEST(what_has_no_keys_is_never_elsewhere) {
  Halves halves;
  const auto any = [](const Call& call) { return bulk(call.arg(0)); };
  halves.a.answer_with(any);
  halves.b.answer_with(any);
  CHECK_EQ(halves.client.call("PING"), "+PONG\r\n");
  CHECK_EQ(halves.client.call("RANDOMKEY"), bulk("RANDOMKEY"));
  CHECK_EQ(halves.client.call("EVAL body 0"), bulk("EVAL"));
  CHECK_EQ(halves.moved(), 0U);
}

TEST(keys_of_several_slots_are_refused_wherever_they_are) {
  for (const bool has_targets : {false, true}) {
    Presentation shown = lower_half();
    // Without the word, too: a split would be half elsewhere.
    shown.one_slot_only = !has_targets;
    if (!has_targets) {
      shown.targets.clear();
      shown.slot_to_target.clear();
    }
    Halves halves(shown);
    halves.a.answer_with([](const Call& call) { return array({call.arg(1), call.arg(2)}); });
    const std::string other = halves.plane.key_of(0, 1);
    CHECK_EQ(halves.client.call("MGET " + halves.here + " " + other), kCrossSlotReply);
    CHECK_EQ(halves.client.call("MSET " + halves.there + " 1 " + other + " 2"), kCrossSlotReply);
    CHECK_EQ(halves.client.call("RENAME " + halves.here + " " + other), kCrossSlotReply);
    CHECK_EQ(halves.client.call("SSUBSCRIBE " + halves.here + " " + other), kCrossSlotReply);
    CHECK_EQ(halves.client.call("WATCH " + halves.here + " " + other), kCrossSlotReply);
    CHECK_EQ(halves.plane.sum(&WorkerCounters::crossslot), 5U);
    CHECK_EQ(halves.plane.sum(&WorkerCounters::split_requests), 0U);
    const std::string same = "{" + halves.here + "}";
    CHECK_EQ(halves.client.call("MGET " + same + "1 " + same + "2"),
             array({same + "1", same + "2"}));
  }
}

TEST(a_blocking_command_elsewhere_is_not_handed_up) {
  Halves halves;
  CHECK_EQ(halves.client.call("BLPOP " + halves.there + " 0"), moved_to(halves.there));
  CHECK_EQ(halves.plane.sum(&WorkerCounters::control_requests), 0U);
  halves.client.ask("BLPOP " + halves.here + " 0");
  CHECK_EQ(halves.plane.take_control().args.at(1), halves.here);
}

TEST(a_watch_elsewhere_is_not_handed_up) {
  Halves halves;
  CHECK_EQ(halves.client.call("WATCH " + halves.there), moved_to(halves.there));
  CHECK_EQ(halves.plane.sum(&WorkerCounters::control_requests), 0U);
  halves.client.ask("WATCH " + halves.here);
  const ControlRequest asked = halves.plane.take_control();
  CHECK_EQ(asked.slot, static_cast<std::int32_t>(slot_of(halves.here)));
}

TEST(a_shard_channel_elsewhere_is_not_subscribed_to_and_may_be_left) {
  Halves halves;
  CHECK_EQ(halves.client.call("SSUBSCRIBE " + halves.there), moved_to(halves.there));
  CHECK_EQ(halves.b.accepted(), 0);
  CHECK_EQ(halves.client.call("SUNSUBSCRIBE " + halves.there),
           "*3\r\n" + bulk("sunsubscribe") + bulk(halves.there) + ":0\r\n");
  CHECK_EQ(halves.client.call("PING"), "+PONG\r\n");
}

TEST(what_is_refused_anyway_keeps_its_words) {
  Halves halves;
  CHECK_EQ(halves.client.call("MIGRATE " + halves.there), "-ERR forbidden\r\n");
  CHECK_EQ(halves.client.call("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
}

TEST(moved_fails_the_open_transaction) {
  for (const bool many : {false, true}) {
    Halves halves;
    CHECK_EQ(halves.client.call("MULTI"), "+OK\r\n");
    CHECK_EQ(halves.client.call("SET " + halves.here + " 1"), "+QUEUED\r\n");
    if (many) {
      CHECK_EQ(halves.client.call("MGET " + halves.here + " " + halves.there), kCrossSlotReply);
    } else {
      CHECK_EQ(halves.client.call("GET " + halves.there), moved_to(halves.there));
    }
    CHECK_EQ(halves.client.call("SET " + halves.here + " 2"), "+QUEUED\r\n");
    CHECK_EQ(halves.client.call("EXEC"), kAborted);
    CHECK_EQ(halves.client.call("EXEC"), "-ERR EXEC without MULTI\r\n");
    CHECK_EQ(halves.a.accepted() + halves.b.accepted(), 0);
  }
}

TEST(a_pipeline_of_keys_here_and_elsewhere_keeps_its_order) {
  Halves halves;
  const std::string second = halves.plane.key_of(0, 1);
  halves.client.send(request("GET " + halves.here) + request("GET " + halves.there) +
                     request("GET " + second) + request("MGET a b") + request("PING"));
  const Call first = halves.a.take();
  const Call next = halves.a.take();
  CHECK_EQ(next.text(), "GET " + second);
  CHECK(halves.client.hears_nothing());
  halves.a.reply(first, bulk("1"));
  halves.a.reply(next, bulk("2"));
  CHECK_EQ(halves.client.reply(), bulk("1"));
  CHECK_EQ(halves.client.reply(), moved_to(halves.there));
  CHECK_EQ(halves.client.reply(), bulk("2"));
  CHECK_EQ(halves.client.reply(), kCrossSlotReply);
  CHECK_EQ(halves.client.reply(), "+PONG\r\n");
}

TEST(what_is_published_applies_to_what_is_not_parsed_yet) {
  Halves halves;
  halves.client.ask("GET " + halves.here);
  const Call before = halves.a.take();
  Presentation nothing_here = lower_half();
  std::fill(nothing_here.slot_to_target.begin(), nothing_here.slot_to_target.end(),
            std::uint16_t{1});
  halves.plane.show({nothing_here});
  halves.client.ask("GET " + halves.here);
  CHECK(halves.client.hears_nothing());
  halves.a.reply(before, bulk("1"));
  CHECK_EQ(halves.client.reply(), bulk("1"));
  CHECK_EQ(halves.client.reply(), moved_to(halves.here));
  // Quiet: nothing is elsewhere until it has settled.
  Presentation quiet = lower_half();
  std::fill(quiet.slot_to_target.begin(), quiet.slot_to_target.end(), Presentation::kHere);
  halves.plane.show({quiet});
  halves.client.ask("GET " + halves.there);
  halves.b.serve("GET " + halves.there, bulk("2"));
  CHECK_EQ(halves.client.reply(), bulk("2"));
  halves.plane.show({});
  CHECK_EQ(halves.client.call("READONLY"), kNoCluster);
}

TEST(a_transaction_that_was_gathered_before_a_change_is_executed) {
  Halves halves;
  halves.plane.show({});
  CHECK_EQ(halves.client.call("MULTI"), "+OK\r\n");
  CHECK_EQ(halves.client.call("GET " + halves.there), "+QUEUED\r\n");
  halves.plane.show({lower_half()});
  halves.client.ask("EXEC");
  halves.b.serve("MULTI", "+OK\r\n");
  halves.b.serve("GET " + halves.there, "+QUEUED\r\n");
  halves.b.serve("EXEC", "*1\r\n$1\r\n1\r\n");
  CHECK_EQ(halves.client.reply(), "*1\r\n$1\r\n1\r\n");
}

TEST(a_large_request_elsewhere_is_answered_read_to_its_end_and_sent_nowhere) {
  Halves halves;
  const std::string large = multibulk({"SET", halves.there, std::string(3U * 1024 * 1024, 'v')});
  halves.client.send(request("GET " + halves.here));
  const Call before = halves.a.take();
  halves.client.send(large.substr(0, 100000));
  CHECK(halves.client.hears_nothing());
  halves.a.reply(before, bulk("1"));
  CHECK_EQ(halves.client.reply(), bulk("1"));
  CHECK_EQ(halves.client.reply(), moved_to(halves.there));
  halves.client.send(large.substr(100000));
  CHECK_EQ(halves.client.call("PING"), "+PONG\r\n");
  CHECK_EQ(halves.moved(), 1U);
  CHECK_EQ(halves.plane.sum(&WorkerCounters::streamed_requests), 0U);
  CHECK_EQ(halves.b.accepted(), 0);
}

TEST(a_large_request_elsewhere_fails_the_open_transaction) {
  Halves halves;
  CHECK_EQ(halves.client.call("MULTI"), "+OK\r\n");
  halves.client.send(multibulk({"SET", halves.there, std::string(3U * 1024 * 1024, 'v')}));
  CHECK_EQ(halves.client.reply(), moved_to(halves.there));
  CHECK_EQ(halves.client.call("EXEC"), kAborted);
}

TEST(a_pause_holds_nothing_that_is_elsewhere) {
  Halves halves;
  halves.plane.on_workers([](Worker& worker) { worker.pause_clients(1, 1, 1000000, true); });
  CHECK_EQ(halves.client.call("GET " + halves.there), moved_to(halves.there));
  halves.client.ask("GET " + halves.here);
  CHECK(halves.client.hears_nothing());
}

TEST(who_has_to_log_in_is_told_that_first) {
  FakeServer a;
  PlaneSetup setup;
  setup.settings.client_must_authenticate = true;
  TestPlane plane({&a}, setup);
  plane.show({lower_half()});
  TestClient client = plane.connect();
  CHECK_EQ(client.call("GET " + TestPlane::key(1, 2)), "-NOAUTH Authentication required.\r\n");
}

TEST(a_command_that_was_unknown_is_looked_at_when_it_is_known) {
  Halves halves;
  halves.client.ask("NEWCOMMAND " + halves.there);
  const ControlRequest asked = halves.plane.take_control();
  const auto commands = table_of({[] {
    CommandRow row = command_row("newcommand", {at_index(1)});
    row.arity = 2;
    return row;
  }()});
  halves.plane.on_workers([&](Worker& worker) {
    worker.set_commands(1, commands);
    worker.control().dispatch_again(asked.client_index, asked.client_id);
  });
  CHECK_EQ(halves.client.reply(), moved_to(halves.there));
}

}  // namespace
}  // namespace slotgate::test
