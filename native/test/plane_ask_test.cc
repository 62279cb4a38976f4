// ASK and TRYAGAIN: a slot that is being moved.
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "test/check.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr const char* kTryAgain = "-TRYAGAIN Multiple keys request during rehashing of slot\r\n";

struct Migration {
  FakeServer from;
  FakeServer to;
  TestPlane plane{{&from, &to}};
  TestClient client = plane.connect();
  TestClient other = plane.connect();
  std::string key = plane.key_of(0);
  std::string tag = "{" + key + "}";
};

TEST(ask_is_followed_once_and_not_remembered) {
  Migration move;
  for (int i = 0; i < 2; ++i) {
    move.client.ask("GET " + move.key);
    move.from.serve("GET " + move.key, ask_at(move.key, move.to));
    const Call asked = move.to.take();
    CHECK(asked.asking);
    move.to.reply(asked, bulk("1"));
    CHECK_EQ(move.client.reply(), bulk("1"));
  }
  CHECK(move.plane.take_events(PlaneEvent::Kind::kRedirect).empty());
}

TEST(nothing_comes_between_asking_and_its_request) {
  Migration move;
  const std::string there = move.plane.key_of(1);
  move.from.answer_with([&](const Call&) { return ask_at(move.key, move.to); });
  move.to.answer_with([&](const Call& call) {
    const bool right = call.asking == (call.arg(1) == move.key);
    return right ? bulk(call.arg(1)) : "-ERR ASKING at the wrong place\r\n";
  });
  std::string mine;
  std::string others;
  constexpr int kRequests = 200;
  for (int i = 0; i < kRequests; ++i) {
    mine += request("GET " + move.key);
    others += request("GET " + there);
  }
  move.client.send(mine);
  move.other.send(others);
  for (int i = 0; i < kRequests; ++i) {
    CHECK_EQ(move.client.reply(), bulk(move.key));
    CHECK_EQ(move.other.reply(), bulk(there));
  }
}

TEST(asked_requests_keep_the_order_of_their_client) {
  Migration move;
  move.client.send(request("SET " + move.key + " 1") + request("SET " + move.key + " 2") +
                   request("GET " + move.key));
  const std::vector<Call> calls{move.from.take(), move.from.take(), move.from.take()};
  move.from.reply(calls[0], ask_at(move.key, move.to));
  move.client.ask("SET " + move.key + " 3");
  CHECK(move.to.stays_quiet());
  move.from.reply(calls[1], ask_at(move.key, move.to));
  move.from.reply(calls[2], ask_at(move.key, move.to));
  for (const std::string& text :
       {"SET " + move.key + " 1", "SET " + move.key + " 2", "GET " + move.key}) {
    const Call asked = move.to.take();
    CHECK(asked.asking);
    CHECK_EQ(asked.text(), text);
    move.to.reply(asked, "+" + std::to_string(asked.args.size()) + "\r\n");
  }
  for (const char* const reply : {"+3\r\n", "+3\r\n", "+2\r\n"})
    CHECK_EQ(move.client.reply(), reply);
}

TEST(what_was_held_before_a_request_was_asked_elsewhere_goes_before_what_came_after) {
  Migration move;
  move.client.ask("SET " + move.key + " 1");
  const Call first = move.from.take();
  move.other.ask("SET " + move.tag + "other 1");
  const Call others = move.from.take();
  move.plane.assign(slot_of(move.key), 1);
  move.plane.publish();
  move.client.ask("SET " + move.key + " 2");  // waits for the former owner's answers
  move.plane.await(&WorkerCounters::held_now, 1);
  move.from.reply(first, ask_at(move.key, move.to));
  const Call asked = move.to.take();
  move.client.ask("SET " + move.key + " 3");  // waits for what was asked
  move.plane.await(&WorkerCounters::held_now, 2);
  move.from.reply(others, "+OK\r\n");
  CHECK_EQ(move.other.reply(), "+OK\r\n");
  move.to.reply(asked, "+1\r\n");
  for (const char* const number : {"2", "3"}) {
    const Call next = move.to.take();
    CHECK_EQ(next.text(), "SET " + move.key + " " + number);
    move.to.reply(next, "+" + std::string(number) + "\r\n");
  }
  for (const char* const reply : {"+1\r\n", "+2\r\n", "+3\r\n"})
    CHECK_EQ(move.client.reply(), reply);
}

/// A slot at `from` that becomes `third`'s or is on its way to `to`.
struct Journey {
  FakeServer from;
  FakeServer to;
  FakeServer third;
  TestPlane plane{{&from, &to, &third}};
  TestClient client = plane.connect();
  std::string tag = "{" + plane.key_of(0) + "}";

  /// Sends writes, each "KEY VALUE", and takes them at `from`.
  std::vector<Call> write(const std::vector<std::string>& writes) {
    std::vector<Call> calls;
    for (const std::string& write : writes) {
      client.ask("SET " + tag + write);
      calls.push_back(from.take());
    }
    return calls;
  }
};

TEST(what_was_moved_goes_before_what_was_asked_elsewhere) {
  Journey slot;
  const std::vector<Call> calls = slot.write({"a 1", "a 2", "a 3"});
  slot.from.reply(calls[0], moved(slot.tag, slot.third));
  slot.from.reply(calls[1], moved(slot.tag, slot.third));
  slot.from.reply(calls[2], ask_at(slot.tag, slot.to));
  // In one go, and behind them the third.
  const std::vector<Call> repeated{slot.third.take(), slot.third.take()};
  for (std::size_t i = 0; i < 2; ++i)
    CHECK_EQ(repeated[i].text(), "SET " + slot.tag + "a " + std::to_string(i + 1));
  CHECK(slot.to.stays_quiet());
  slot.third.reply(repeated[0], "+1\r\n");
  slot.third.reply(repeated[1], "+2\r\n");
  const Call asked = slot.to.take();
  CHECK(asked.asking);
  CHECK_EQ(asked.text(), "SET " + slot.tag + "a 3");
  slot.to.reply(asked, "+3\r\n");
  for (const char* const reply : {"+1\r\n", "+2\r\n", "+3\r\n"})
    CHECK_EQ(slot.client.reply(), reply);
}

TEST(what_was_moved_waits_for_what_was_asked_elsewhere_whatever_lay_between) {
  Journey slot;
  const std::vector<Call> calls = slot.write({"a 1", "b 2", "b 3", "a 4"});
  slot.from.reply(calls[0], ask_at(slot.tag, slot.to));
  slot.from.reply(calls[1], ask_at(slot.tag, slot.to));
  slot.from.reply(calls[2], "+3\r\n");  // so the second may not be repeated
  slot.from.reply(calls[3], moved(slot.tag, slot.third));
  const Call asked = slot.to.take();
  CHECK_EQ(asked.text(), "SET " + slot.tag + "a 1");
  CHECK(slot.third.stays_quiet());
  slot.to.reply(asked, "+1\r\n");
  slot.third.serve("SET " + slot.tag + "a 4", "+4\r\n");
  CHECK_EQ(slot.client.reply(), "+1\r\n");
  CHECK_EQ(slot.client.reply(), being_moved(slot.tag));
  CHECK_EQ(slot.client.reply(), "+3\r\n");
  CHECK_EQ(slot.client.reply(), "+4\r\n");
}

TEST(an_asked_request_that_is_sent_again_asks_again) {
  Migration move;
  move.from.answer_with([&](const Call&) { return ask_at(move.key, move.to); });
  move.client.ask("GET " + move.key);
  CHECK(move.to.take().asking);
  // The importing server is away for longer than a few redirects take.
  move.to.refuse(true);
  move.to.close_connections();
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  move.to.refuse(false);
  const Call again = move.to.take();
  CHECK(again.asking);
  move.to.reply(again, bulk("1"));
  CHECK_EQ(move.client.reply(), bulk("1"));
}

TEST(tryagain_holds_nobody_else_and_nothing_overtakes_it) {
  Migration move;
  std::atomic<bool> settled = false;
  std::mutex mutex;
  std::vector<std::string> log;
  move.from.answer_with([&](const Call& call) -> std::string {
    const std::lock_guard<std::mutex> lock(mutex);
    if (call.arg(0) == "RENAME" && !settled) return kTryAgain;
    log.push_back(call.text());
    return "+" + call.arg(0) + "\r\n";
  });
  const std::string rename = "RENAME " + move.tag + "1 " + move.tag + "2";
  move.client.ask(rename);
  if (!eventually([&] { return move.plane.sum(&WorkerCounters::refused_tryagain) >= 2; }))
    CHECK(false);
  move.client.ask("GET " + move.tag + "1");
  CHECK_EQ(move.other.call("GET " + move.tag + "2"), "+GET\r\n");
  CHECK(move.client.hears_nothing());
  settled = true;
  CHECK_EQ(move.client.reply(), "+RENAME\r\n");
  CHECK_EQ(move.client.reply(), "+GET\r\n");
  const std::vector<std::string> expected{"GET " + move.tag + "2", rename, "GET " + move.tag + "1"};
  CHECK(log == expected);
}

TEST(a_refused_write_is_not_repeated_behind_a_younger_one_on_its_key) {
  Migration move;
  const std::string rename = "RENAME " + move.tag + "1 " + move.tag + "2";
  move.client.send(request(rename) + request("SET " + move.tag + "2 x"));
  const Call first = move.from.take();
  const Call second = move.from.take();
  move.from.reply(first, kTryAgain);
  CHECK(move.from.stays_quiet());
  move.from.reply(second, "+OK\r\n");
  CHECK_EQ(move.client.reply(), kTryAgain);
  CHECK_EQ(move.client.reply(), "+OK\r\n");
  CHECK(move.from.stays_quiet());
  CHECK_EQ(move.plane.sum(&WorkerCounters::refusal_passed_for_order), 1U);
}

TEST(reads_and_other_keys_may_pass_a_refused_request) {
  Migration move;
  move.client.send(request("RENAME " + move.tag + "1 " + move.tag + "2") +
                   request("SET " + move.tag + "3 x"));
  const Call first = move.from.take();
  const Call second = move.from.take();
  move.from.reply(first, kTryAgain);
  move.from.reply(second, "+OK\r\n");
  move.from.serve("RENAME " + move.tag + "1 " + move.tag + "2", "+OK\r\n");
  CHECK_EQ(move.client.reply(), "+OK\r\n");
  CHECK_EQ(move.client.reply(), "+OK\r\n");
}

TEST(a_refused_write_and_what_follows_keep_their_order_when_the_link_dies) {
  Migration move;
  const std::string rename = "RENAME " + move.tag + "1 " + move.tag + "2";
  const std::string get = "GET " + move.tag + "1";
  move.client.send(request(rename) + request(get));
  const Call first = move.from.take();
  (void)move.from.take();
  move.from.reply(first, kTryAgain);
  move.plane.await(&WorkerCounters::refused_tryagain, 1);
  move.from.close_connections();
  move.from.serve(rename, "+OK\r\n");
  move.from.serve(get, bulk("1"));
  CHECK_EQ(move.client.reply(), "+OK\r\n");
  CHECK_EQ(move.client.reply(), bulk("1"));
}

TEST(a_refused_write_is_not_repeated_behind_a_younger_one_of_unknown_outcome) {
  Migration move;
  move.client.send(request("RENAME " + move.tag + "1 " + move.tag + "2") +
                   request("SET " + move.tag + "2 x"));
  const Call first = move.from.take();
  (void)move.from.take();
  move.from.reply(first, kTryAgain);
  move.plane.await(&WorkerCounters::refused_tryagain, 1);
  move.from.close_connections();
  CHECK_EQ(move.client.reply(), kTryAgain);
  CHECK(move.client.reply().starts_with("-OUTCOMEUNKNOWN "));
  CHECK(move.from.stays_quiet());
}

TEST(a_refused_read_is_repeated_though_a_younger_write_is_of_unknown_outcome) {
  Migration move;
  move.client.send(request("GET " + move.tag + "1") + request("SET " + move.tag + "1 x"));
  const Call read = move.from.take();
  (void)move.from.take();
  move.from.reply(read, kTryAgain);
  move.plane.await(&WorkerCounters::refused_tryagain, 1);
  move.from.close_connections();
  const Call again = move.from.take();
  CHECK_EQ(again.arg(0), "GET");
  move.from.reply(again, bulk("x"));
  CHECK_EQ(move.client.reply(), bulk("x"));
  CHECK(move.client.reply().starts_with("-OUTCOMEUNKNOWN "));
}

TEST(what_is_refused_over_a_retired_link_is_not_repeated_behind_a_younger_one) {
  FakeServer server;
  PlaneSetup setup;
  setup.settings.limits.client_output_bytes_max = 256 * 1024;
  TestPlane plane({&server}, setup);
  TestClient client = plane.connect();
  TestClient slow = plane.connect();
  slow.ask("GET {t}0");
  const Call large = server.take();
  client.send(request("RENAME {t}1 {t}2") + request("SET {t}2 x"));
  const Call first = server.take();
  const Call second = server.take();
  // A client that does not read its large reply: what others send takes another link.
  std::thread writer([&] { server.reply(large, bulk(std::string(32U << 20U, 'v'))); });
  std::uint64_t seen = 0;
  CHECK(eventually([&] {
    const std::uint64_t before = std::exchange(seen, plane.sum(&WorkerCounters::link_bytes_in));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return before == seen && seen > 1024 * 1024;
  }));
  client.ask("SET {t}3 y");
  plane.await(&WorkerCounters::held_now, 1);
  CHECK_EQ(slow.reply().size(), (32U << 20U) + 13);
  writer.join();
  server.reply(first, kTryAgain);
  server.reply(second, "+2\r\n");
  const Call third = server.take();
  CHECK_EQ(third.text(), "SET {t}3 y");
  CHECK(third.connection != first.connection);
  server.reply(third, "+3\r\n");
  for (const char* const reply : {kTryAgain, "+2\r\n", "+3\r\n"}) CHECK_EQ(client.reply(), reply);
}

TEST(tryagain_ends_with_the_servers_words_when_time_is_up) {
  FakeServer a;
  a.answer_with([](const Call&) { return kTryAgain; });
  PlaneSetup setup;
  setup.settings.limits.hold_timeout_ms = 200;
  TestPlane plane({&a}, setup);
  TestClient client = plane.connect();
  CHECK_EQ(client.call("RENAME {t}1 {t}2"), kTryAgain);
  CHECK_EQ(client.call("MGET {t}1 {t}2").substr(0, 10), "-TRYAGAIN ");
}

TEST(a_refused_request_is_not_repeated_after_a_fin) {
  Migration move;
  // Something younger of the same client is unanswered, so the repeat has to wait.
  move.client.send(request("RENAME " + move.tag + "1 " + move.tag + "2") +
                   request("GET " + move.tag + "3"));
  const Call refused = move.from.take();
  const Call younger = move.from.take();
  move.from.reply(refused, kTryAgain);
  move.plane.await(&WorkerCounters::refused_tryagain, 1);
  move.client.finish();
  CHECK(move.client.hears_nothing());
  move.from.reply(younger, bulk("3"));
  CHECK_EQ(move.client.reply(), kTryAgain);
  CHECK_EQ(move.client.reply(), bulk("3"));
  CHECK(move.client.is_closed());
  CHECK(move.from.stays_quiet());
}

TEST(a_refused_request_is_not_repeated_for_a_client_that_left) {
  Migration move;
  move.client.send(request("RENAME " + move.tag + "1 " + move.tag + "2") +
                   request("GET " + move.tag + "3"));
  const Call refused = move.from.take();
  const Call younger = move.from.take();
  move.from.reply(refused, kTryAgain);
  move.plane.await(&WorkerCounters::refused_tryagain, 1);
  move.client.leave(true);
  move.plane.await(&WorkerCounters::held_dropped, 1);
  move.from.reply(younger, bulk("3"));
  CHECK(move.from.stays_quiet());
  TestClient next = move.plane.connect();
  next.ask("GET " + move.tag + "1");
  move.from.serve("GET " + move.tag + "1", bulk("1"));
  CHECK_EQ(next.reply(), bulk("1"));
}

}  // namespace
}  // namespace slotgate::test
