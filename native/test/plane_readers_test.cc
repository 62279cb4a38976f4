// Reads from replicas: which are, and what becomes of those that a replica does not answer.
#include "test/check.h"
#include "test/plane_readers_support.h"

using namespace slotgate;
using namespace slotgate::test;

namespace {

constexpr const char* kOne = "$3\r\none\r\n";

}  // namespace

TEST(reads_go_to_the_replica_and_writes_to_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  shard.replica.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  client.ask("SET a two");
  shard.primary.serve("SET a two", "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  const std::vector<std::string> said = shard.replica.handshakes();
  CHECK_EQ(said.size(), 2U);
  CHECK_EQ(said.back(), "READONLY");
  CHECK_EQ(shard.primary.handshakes().size(), 1U);
  CHECK_EQ(shard.plane.sum(&WorkerCounters::replica_reads_refused), 0U);
}

TEST(commands_that_replicas_may_not_answer_go_to_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  // Several keys in one reply, scripts, keyless ones.
  for (const std::string& line :
       {std::string("SINTER {t}a {t}b"), std::string("EVAL body 1 a"), std::string("RANDOMKEY")}) {
    client.ask(line);
    shard.primary.serve(line, kOne);
    CHECK_EQ(client.reply(), kOne);
  }
  // One key of the same command can be told from none.
  TestClient other = shard.plane.connect();
  other.ask("SINTER {t}a");
  shard.replica.serve("SINTER {t}a", "*1\r\n$1\r\nx\r\n");
  CHECK_EQ(other.reply(), "*1\r\n$1\r\nx\r\n");
}

TEST(what_a_replica_refuses_is_asked_for_at_the_primary) {
  ReplicatedShard shard({}, 1);
  const std::vector<std::string> refusals = {
      moved("a", shard.second),
      ask_at("a", shard.second),
      "-LOADING Redis is loading the dataset in memory\r\n",
      "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
      "-CLUSTERDOWN The cluster is down\r\n",
      "-READONLY You can't write against a read only replica.\r\n",
      "-BUSY Redis is busy running a script.\r\n",
      "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
  };
  std::uint64_t refused = 0;
  for (const std::string& refusal : refusals) {
    // What a refusal taught is forgotten with the time: each has a plane of its own.
    ReplicatedShard fresh;
    TestClient client = fresh.plane.connect();
    client.ask("GET a");
    fresh.replica.serve("GET a", refusal);
    fresh.primary.serve("GET a", kOne);
    CHECK_EQ(client.reply(), kOne);
    CHECK_EQ(fresh.plane.sum(&WorkerCounters::replica_reads_refused), 1U);
    CHECK_EQ(fresh.plane.sum(&WorkerCounters::redirects_moved), 0U);
    CHECK_EQ(fresh.plane.sum(&WorkerCounters::held), 0U);
    // The slot is whose it was, and nothing waits for it.
    client.ask("SET a 1");
    fresh.primary.serve("SET a 1", "+OK\r\n");
    CHECK_EQ(client.reply(), "+OK\r\n");
    refused += fresh.plane.take_events(PlaneEvent::Kind::kReplicaRefused).size();
    CHECK(fresh.plane.take_events(PlaneEvent::Kind::kRefused).empty());
    CHECK(fresh.plane.take_events(PlaneEvent::Kind::kRedirect).empty());
  }
  // The last two say nothing about the replica.
  CHECK_EQ(refused, refusals.size() - 2);
}

TEST(a_replica_that_refused_is_left_alone_for_a_while) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  shard.replica.serve("GET a", "-LOADING Redis is loading the dataset in memory\r\n");
  shard.primary.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  client.ask("GET b");
  shard.primary.serve("GET b", kOne);
  CHECK_EQ(client.reply(), kOne);
}

TEST(an_open_slot_is_read_from_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("SET a 1");
  shard.primary.serve("SET a 1", ask_at("a", shard.second));
  const Call asked = shard.second.take();
  CHECK(asked.asking);
  shard.second.reply(asked, "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.ask("GET a");
  shard.primary.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  client.ask("GET b");
  shard.replica.serve("GET b", kOne);
  CHECK_EQ(client.reply(), kOne);
}

TEST(a_slot_that_was_seen_to_move_is_read_from_its_new_owner) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("SET a 1");
  shard.primary.serve("SET a 1", moved("a", shard.second));
  shard.second.serve("SET a 1", "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.ask("GET a");
  shard.second.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  // Until a topology says who follows the new owner.
  shard.plane.assign(slot_of("a"), 2);
  shard.plane.publish();
  client.ask("GET a");
  shard.replica.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
}

TEST(what_a_replica_does_not_have_is_asked_for_at_the_primary) {
  ReplicatedShard shard;
  const std::uint64_t before = shard.plane.sum(&WorkerCounters::replica_reads_missing);
  TestClient client = shard.plane.connect();
  for (const std::string nothing :
       {"$-1\r\n", ":0\r\n", "*0\r\n", "$0\r\n\r\n", "*2\r\n$-1\r\n$-1\r\n"}) {
    client.ask("GET a");
    shard.replica.serve("GET a", nothing);
    shard.primary.serve("GET a", kOne);
    CHECK_EQ(client.reply(), kOne);
  }
  // The primary has the last word.
  client.ask("GET a");
  shard.replica.serve("GET a", "$-1\r\n");
  shard.primary.serve("GET a", "$-1\r\n");
  CHECK_EQ(client.reply(), "$-1\r\n");
  CHECK_EQ(shard.plane.sum(&WorkerCounters::replica_reads_missing), before + 6);
}

TEST(a_user_that_a_replica_forbids_something_is_told) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  const std::string refusal = "-NOPERM this user has no permissions to access one of the keys\r\n";
  client.ask("GET a");
  shard.replica.serve("GET a", refusal);
  CHECK_EQ(client.reply(), refusal);
}

TEST(reads_in_flight_at_a_lost_replica_are_asked_for_at_the_primary) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  client.ask("GET b");
  const Call first = shard.replica.take();
  CHECK_EQ(first.text(), "GET a");
  shard.replica.refuse(true);
  shard.replica.close_connection(first.connection);
  shard.primary.serve("GET a", kOne);
  shard.primary.serve("GET b", "$3\r\ntwo\r\n");
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(client.reply(), "$3\r\ntwo\r\n");
  CHECK_EQ(shard.plane.sum(&WorkerCounters::replica_reads_lost), 2U);
  // Nothing waits for the replica to come back.
  client.ask("GET a");
  shard.primary.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(shard.plane.sum(&WorkerCounters::held), 0U);
}

TEST(a_replica_that_comes_back_is_read_from) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  shard.replica.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  const auto by = [](std::string name) {
    return [name](const Call&) { return std::optional<std::string>(bulk(name)); };
  };
  shard.primary.answer_with(by("primary"));
  shard.replica.answer_with(by("replica"));
  CHECK(eventually([&] { return client.call("GET a") == bulk("replica"); }));
}

TEST(a_silent_replica_is_given_up) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  const Call call = shard.replica.take();
  shard.primary.serve("GET a", kOne);
  CHECK_EQ(client.reply(), kOne);
  CHECK_EQ(shard.plane.sum(&WorkerCounters::replica_reads_lost), 1U);
  CHECK_EQ(call.text(), "GET a");
}

TEST(a_replica_without_its_primary_is_not_read_from) {
  ReplicatedShard shard;
  shard.replica.replicate_as(bulk("# Replication\r\nrole:slave\r\nmaster_link_status:down\r\n"));
  shard.replica.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  shard.primary.answer_with([](const Call&) { return std::optional<std::string>(kOne); });
  TestClient client = shard.plane.connect();
  CHECK(eventually([&] {
    CHECK_EQ(client.call("GET a"), kOne);
    return shard.plane.sum(&WorkerCounters::links_lost) >= 3;
  }));
  CHECK_EQ(shard.replica.waiting(), 0U);
  // What goes there as to a primary does not wait because of that.
  shard.plane.assign(slot_of("a"), 1);
  shard.plane.publish();
  client.ask("SET a 1");
  shard.replica.serve("SET a 1", "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
}

TEST(a_user_that_the_replica_does_not_know_is_served_by_the_primary) {
  ReplicatedShard shard;
  shard.replica.greet_with("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  shard.replica.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  shard.primary.answer_with([](const Call&) { return std::optional<std::string>(kOne); });
  TestClient client = shard.plane.connect();
  CHECK(eventually([&] {
    CHECK_EQ(client.call("GET a"), kOne);
    return shard.plane.sum(&WorkerCounters::links_lost) >= 2;
  }));
}

TEST(replicas_answer_while_the_primary_is_gone) {
  ReplicatedShard shard;
  shard.primary.refuse(true);
  shard.primary.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  TestClient writer = shard.plane.connect();
  writer.ask("SET a 1");
  shard.plane.await(&WorkerCounters::held_now, 1);
  TestClient reader = shard.plane.connect();
  reader.ask("GET a");
  shard.replica.serve("GET a", kOne);
  CHECK_EQ(reader.reply(), kOne);
  shard.primary.refuse(false);
  shard.primary.serve("SET a 1", "+OK\r\n");
  CHECK_EQ(writer.reply(), "+OK\r\n");
}

TEST(each_client_keeps_to_its_replica) {
  ReplicatedShard shard({}, 2);
  const auto by = [](std::string name) {
    return [name](const Call&) { return std::optional<std::string>(bulk(name)); };
  };
  shard.primary.answer_with(by("primary"));
  shard.replica.answer_with(by("replica"));
  shard.second.answer_with(by("second"));
  int of_second = 0;
  for (int i = 0; i < 20; ++i) {
    TestClient client = shard.plane.connect();
    const std::string mine = client.call("GET a");
    CHECK(mine != bulk("primary"));
    of_second += mine == bulk("second") ? 1 : 0;
    // In another order it is the same set.
    shard.read_from({2, 1});
    shard.plane.publish();
    CHECK_EQ(client.call("GET b"), mine);
    shard.read_from({1, 2});
    shard.plane.publish();
    CHECK_EQ(client.call("GET c"), mine);
  }
  CHECK(of_second > 0 && of_second < 20);
}

TEST(another_replica_is_asked_if_the_clients_own_is_gone) {
  ReplicatedShard shard({}, 2);
  const auto by = [](std::string name) {
    return [name](const Call&) { return std::optional<std::string>(bulk(name)); };
  };
  shard.primary.answer_with(by("primary"));
  shard.second.answer_with(by("second"));
  shard.replica.refuse(true);
  shard.replica.close_connections();
  shard.plane.await(&WorkerCounters::links_lost, 1);
  for (int i = 0; i < 10; ++i) {
    TestClient client = shard.plane.connect();
    CHECK_EQ(client.call("GET a"), bulk("second"));
  }
}

TEST(the_primary_may_be_one_of_those_that_are_read_from) {
  ReplicatedShard shard;
  const auto by = [](std::string name) {
    return [name](const Call&) { return std::optional<std::string>(bulk(name)); };
  };
  shard.primary.answer_with(by("primary"));
  shard.replica.answer_with(by("replica"));
  shard.read_from({0, 1});
  shard.plane.publish();
  int of_primary = 0;
  for (int i = 0; i < 20; ++i) {
    TestClient client = shard.plane.connect();
    of_primary += client.call("GET a") == bulk("primary") ? 1 : 0;
  }
  CHECK(of_primary > 0 && of_primary < 20);
  // Over its ordinary link.
  CHECK_EQ(shard.primary.handshakes().size(), 1U);
}

TEST(nothing_is_read_from_replicas_that_are_not_listed_any_more) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  client.ask("GET a");
  const Call late = shard.replica.take();
  shard.read_from({});
  shard.plane.publish();
  // The order is kept also then: the write waits for the older read.
  client.ask("SET a 2");
  CHECK(shard.primary.stays_quiet());
  shard.replica.reply(late, kOne);
  CHECK_EQ(client.reply(), kOne);
  shard.primary.serve("SET a 2", "+OK\r\n");
  CHECK_EQ(client.reply(), "+OK\r\n");
  client.ask("GET b");
  shard.primary.serve("GET b", kOne);
  CHECK_EQ(client.reply(), kOne);
}

TEST(a_large_reply_of_a_replica_is_forwarded_while_it_arrives) {
  ReplicatedShard shard;
  TestClient client = shard.plane.connect();
  const std::string value(300000, 'x');
  const std::string reply = bulk(value);
  client.ask("GET a");
  const Call call = shard.replica.take();
  shard.replica.reply(call, reply.substr(0, 100000));
  shard.plane.await(&WorkerCounters::streamed_replies, 1);
  shard.replica.reply(call, reply.substr(100000));
  CHECK_EQ(client.reply(), reply);
}
