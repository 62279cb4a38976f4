// Reads from replicas: a client's requests for a key are executed in its order.
#include <chrono>
#include <thread>

#include "test/check.h"
#include "test/plane_readers_support.h"

using namespace slotgate;
using namespace slotgate::test;

namespace {

constexpr const char* kOne = "$3\r\none\r\n";
constexpr const char* kOk = "+OK\r\n";

PlaneSetup keeping_writes(std::uint32_t ms) {
  PlaneSetup setup;
  setup.settings.read_your_writes_ms = ms;
  return setup;
}

/// A client's read of `key` is answered by `server`.
void reads_from(FakeServer& server, TestClient& client, const std::string& key) {
  client.ask("GET " + key);
  server.serve("GET " + key, kOne);
  CHECK_EQ(client.reply(), kOne);
}

}  // namespace

TEST(a_read_behind_an_unanswered_write_goes_to_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("SET a 1");
  client.ask("GET a");
  client.ask("GET " + other_key(1));
  const Call set = shard.primary.take();
  CHECK_EQ(set.text(), "SET a 1");
  const Call get = shard.primary.take();
  CHECK_EQ(get.text(), "GET a");
  // Other slots are not concerned.
  CHECK(slot_of("a") % 64 != 1);
  shard.replica.serve("GET " + other_key(1), kOne);
  shard.primary.reply(set, kOk);
  shard.primary.reply(get, "$1\r\n1\r\n");
  CHECK_EQ(client.reply(), kOk);
  CHECK_EQ(client.reply(), "$1\r\n1\r\n");
  CHECK_EQ(client.reply(), kOne);
  // Answered, and reads of one's own writes were not asked for.
  reads_from(shard.replica, client, "a");
}

TEST(writes_of_when_there_were_no_replicas_are_not_missed_at_one) {
  ReplicatedShard shard(keeping_writes(60'000));
  TestClient client = shard.plane.connect();
  shard.read_from({});
  shard.plane.publish();
  // Until nobody takes note of writes any more.
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  client.ask("SET a 1");
  shard.primary.serve("SET a 1", kOk);
  CHECK_EQ(client.reply(), kOk);
  shard.read_from({1});
  shard.plane.publish();
  reads_from(shard.primary, client, "a");
  TestClient other = shard.plane.connect();
  reads_from(shard.replica, other, "a");
}

TEST(a_write_waits_for_an_older_read_of_its_slot) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  client.ask("SET a 2");
  const Call get = shard.replica.take();
  CHECK(shard.primary.stays_quiet());
  shard.replica.reply(get, kOne);
  CHECK_EQ(client.reply(), kOne);
  shard.primary.serve("SET a 2", kOk);
  CHECK_EQ(client.reply(), kOk);
}

TEST(a_read_that_is_repeated_does_not_see_a_younger_write) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  client.ask("SET a 2");
  const Call get = shard.replica.take();
  shard.replica.close_connection(get.connection);
  const Call again = shard.primary.take();
  CHECK_EQ(again.text(), "GET a");
  CHECK(shard.primary.stays_quiet());
  shard.primary.reply(again, kOne);
  CHECK_EQ(client.reply(), kOne);
  shard.primary.serve("SET a 2", kOk);
  CHECK_EQ(client.reply(), kOk);
}

TEST(writes_to_other_slots_do_not_wait) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  // Two slots that are the same modulo 64.
  std::string twin;
  for (int i = 0; twin.empty(); ++i) {
    const std::string key = "t" + std::to_string(i);
    if (slot_of(key) != slot_of("a") && slot_of(key) % 64 == slot_of("a") % 64) twin = key;
  }
  client.ask("GET a");
  client.ask("SET " + twin + " 1");
  const Call get = shard.replica.take();
  shard.primary.serve("SET " + twin + " 1", kOk);
  shard.replica.reply(get, kOne);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), kOk);
}

TEST(writes_of_several_slots_transactions_and_scripts_wait_for_older_reads) {
  const std::string a = other_key(0);
  const std::vector<std::string> writes = {
      "MSET " + a + " 1 " + other_key(1) + " 1",
      "EVAL body 1 " + a,
      "EVAL body 0",
      "RENAME " + a + " " + a,
  };
  for (const std::string& write : writes) {
    ReplicatedShard shard;
    TestClient client = shard.plane.connect();
    client.ask("GET " + a);
    client.ask(write);
    const Call get = shard.replica.take();
    CHECK(shard.primary.stays_quiet());
    shard.primary.answer_with([](const Call&) { return std::optional<std::string>(kOk); });
    shard.replica.reply(get, kOne);
    CHECK_EQ(client.reply(), kOne);
    CHECK_EQ(client.reply(), kOk);
  }
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET " + a);
  client.ask("MULTI");
  client.ask("SET " + a + " 1");
  client.ask("EXEC");
  const Call get = shard.replica.take();
  CHECK(shard.primary.stays_quiet());
  shard.replica.reply(get, kOne);
  shard.primary.serve("MULTI", kOk);
  shard.primary.serve("SET " + a + " 1", "+QUEUED\r\n");
  shard.primary.serve("EXEC", "*1\r\n+OK\r\n");
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), kOk);
  CHECK_EQ(client.reply(), "+QUEUED\r\n");
  CHECK_EQ(client.reply(), "*1\r\n+OK\r\n");
}

TEST(a_client_that_mixes_reads_and_writes_of_a_slot_is_served_by_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  client.ask("SET a 2");
  shard.replica.serve("GET a", kOne);
  shard.primary.serve("SET a 2", kOk);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), kOk);
  client.ask("GET b");
  client.ask("SET b 2");
  const Call get = shard.primary.take();
  CHECK_EQ(get.text(), "GET b");
  const Call set = shard.primary.take();
  CHECK_EQ(set.text(), "SET b 2");
  shard.primary.reply(get, kOne);
  shard.primary.reply(set, kOk);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), kOk);
  // Other clients are not concerned.
  TestClient other = shard.plane.connect();
  reads_from(shard.replica, other, "b");
}

TEST(a_half_closed_client_gets_what_it_sent_behind_a_read_executed) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  client.ask("SET a 2");
  const Call get = shard.replica.take();
  client.finish();
  shard.replica.reply(get, kOne);
  CHECK_EQ(client.reply(), kOne);
  shard.primary.serve("SET a 2", kOk);
  CHECK_EQ(client.reply(), kOk);
  CHECK(client.is_closed());
}

TEST(replies_come_in_the_order_of_the_requests) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("SET a 1");
  client.ask("GET " + other_key(1));
  client.ask("GET a");
  shard.replica.serve("GET " + other_key(1), kOne);
  CHECK(client.hears_nothing());
  shard.primary.serve("SET a 1", kOk);
  shard.primary.serve("GET a", "$1\r\n1\r\n");
  CHECK_EQ(client.reply(), kOk);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), "$1\r\n1\r\n");
}

TEST(own_writes_are_read_from_the_primary_for_a_while) {
  ReplicatedShard shard(keeping_writes(3600000));
  TestClient client = shard.plane.connect();
  client.ask("SET " + other_key(0) + " 1");
  shard.primary.serve("SET " + other_key(0) + " 1", kOk);
  CHECK_EQ(client.reply(), kOk);
  reads_from(shard.primary, client, other_key(0));
  reads_from(shard.replica, client, other_key(1));
  TestClient other = shard.plane.connect();
  reads_from(shard.replica, other, other_key(0));
}

TEST(the_time_of_own_writes_begins_with_their_replies) {
  ReplicatedShard shard(keeping_writes(300));
  shard.primary.refuse(true);
  shard.primary.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  TestClient client = shard.plane.connect();
  client.ask("SET a 1");
  shard.plane.await(&WorkerCounters::held_now, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  shard.primary.refuse(false);
  shard.primary.serve("SET a 1", kOk);
  CHECK_EQ(client.reply(), kOk);
  client.ask("GET a");
  shard.primary.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  // It ends.
  shard.primary.answer_with([](const Call&) { return std::optional<std::string>(kOk); });
  shard.replica.answer_with([](const Call&) { return std::optional<std::string>(kOne); });
  CHECK(eventually([&] { return client.call("GET a") == kOne; }));
}

TEST(all_that_may_write_counts_as_a_write) {
  const std::string a = other_key(0);
  const std::string b = other_key(1);
  const std::string untouched = other_key(2);
  struct Case {
    std::string write;
    bool everywhere;
  };
  const std::vector<Case> cases = {
      {"MSET " + a + " 1 " + b + " 1", false}, {"EVAL body 1 " + a, false}, {"EVAL body 0", true}};
  for (const Case& one : cases) {
    ReplicatedShard shard(keeping_writes(3600000));
    TestClient client = shard.plane.connect();
    shard.primary.answer_with([](const Call&) { return std::optional<std::string>(kOk); });
    CHECK_EQ(client.call(one.write), kOk);
    shard.primary.answer_with({});
    reads_from(shard.primary, client, a);
    reads_from(one.everywhere ? shard.primary : shard.replica, client, untouched);
  }
  // A transaction.
  ReplicatedShard shard(keeping_writes(3600000));
  TestClient client = shard.plane.connect();
  CHECK_EQ(client.call("MULTI"), kOk);
  CHECK_EQ(client.call("SET " + a + " 1"), "+QUEUED\r\n");
  client.ask("EXEC");
  shard.primary.serve("MULTI", kOk);
  shard.primary.serve("SET " + a + " 1", "+QUEUED\r\n");
  shard.primary.serve("EXEC", "*1\r\n+OK\r\n");
  CHECK_EQ(client.reply(), "*1\r\n+OK\r\n");
  reads_from(shard.primary, client, a);
  reads_from(shard.replica, client, untouched);
  // What the control plane does for it.
  client.ask("BLPOP " + untouched + " 0");
  shard.plane.answer(shard.plane.take_control(), "*-1\r\n");
  CHECK_EQ(client.reply(), "*-1\r\n");
  reads_from(shard.primary, client, other_key(3));
}

TEST(a_streamed_write_counts_as_a_write) {
  ReplicatedShard shard(keeping_writes(3600000));
  TestClient client = shard.plane.connect();
  const std::string a = other_key(0);
  client.send("*3\r\n$3\r\nSET\r\n" + bulk(a) + bulk(std::string(2 << 20, 'x')));
  shard.primary.serve("EXISTS " + a, ":1\r\n");
  const Call set = shard.primary.take();
  CHECK_EQ(set.arg(0), "SET");
  shard.primary.reply(set, kOk);
  CHECK_EQ(client.reply(), kOk);
  reads_from(shard.primary, client, a);
  reads_from(shard.replica, client, other_key(1));
}

TEST(a_divided_read_goes_to_one_role) {
  ReplicatedShard shard;
  const std::string a = other_key(0);
  const std::string b = other_key(1);
  TestClient client = shard.plane.connect();
  client.ask("MGET " + a + " " + b);
  shard.replica.serve("MGET " + a, "*1\r\n" + bulk("va"));
  shard.replica.serve("MGET " + b, "*1\r\n" + bulk("vb"));
  CHECK_EQ(client.reply(), array({"va", "vb"}));
  // One of its slots has an unanswered write.
  client.ask("SET " + b + " new");
  client.ask("MGET " + a + " " + b);
  std::vector<Call> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(shard.primary.take());
  CHECK_EQ(calls[0].text(), "SET " + b + " new");
  CHECK_EQ(calls[1].text(), "MGET " + a);
  CHECK_EQ(calls[2].text(), "MGET " + b);
  shard.primary.reply(calls[0], kOk);
  shard.primary.reply(calls[1], "*1\r\n" + bulk("va"));
  shard.primary.reply(calls[2], "*1\r\n" + bulk("new"));
  CHECK_EQ(client.reply(), kOk);
  CHECK_EQ(client.reply(), array({"va", "new"}));
}

TEST(a_part_of_a_divided_read_that_lacks_a_key_is_asked_for_at_the_primary) {
  ReplicatedShard shard;
  const std::string a = other_key(0);
  const std::string b = other_key(1);
  TestClient client = shard.plane.connect();
  client.ask("MGET " + a + " {" + b + "}1 {" + b + "}2");
  const std::string part = "MGET {" + b + "}1 {" + b + "}2";
  shard.replica.serve("MGET " + a, "*1\r\n" + bulk("va"));
  shard.replica.serve(part, "*2\r\n" + bulk("v1") + "$-1\r\n");
  shard.primary.serve(part, array({"v1", "v2"}));
  CHECK_EQ(client.reply(), array({"va", "v1", "v2"}));
  client.ask("EXISTS {" + b + "}1 {" + b + "}2");
  shard.replica.serve("EXISTS {" + b + "}1 {" + b + "}2", ":1\r\n");
  shard.primary.serve("EXISTS {" + b + "}1 {" + b + "}2", ":2\r\n");
  CHECK_EQ(client.reply(), ":2\r\n");
}

TEST(clients_that_watch_or_queue_do_not_read_from_replicas) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("WATCH a");
  const ControlRequest watch = shard.plane.take_control();
  ErrandOrder order;
  order.lease = order.keep = true;
  const std::uint64_t ticket = shard.plane.send(watch, shard.primary, "WATCH a", order);
  shard.primary.serve("WATCH a", kOk);
  CHECK(shard.plane.outcome(ticket).kind == ErrandOutcome::Kind::kReply);
  ControlAnswer answer;
  answer.reply = kOk;
  answer.watch_slot = slot_of("a");
  shard.plane.answer(watch, answer);
  CHECK_EQ(client.reply(), kOk);
  reads_from(shard.primary, client, "a");
  CHECK_EQ(client.call("MULTI"), kOk);
  CHECK_EQ(client.call("GET a"), "+QUEUED\r\n");
  client.ask("EXEC");
  shard.primary.serve("MULTI", kOk);
  shard.primary.serve("GET a", "+QUEUED\r\n");
  shard.primary.serve("EXEC", "*1\r\n" + std::string(kOne));
  CHECK_EQ(client.reply(), "*1\r\n" + std::string(kOne));
  reads_from(shard.replica, client, "a");
}
