// Scripts run by digest: servers are given what they lack.
#include <string>

#include "test/check.h"
#include "test/plane_support.h"
#include "test/wire.h"

namespace slotgate::test {
namespace {

constexpr const char* kBody = "return 1";
constexpr const char* kOther = "return 2";
constexpr const char* kNoScript = "-NOSCRIPT No matching script. Please use EVAL.\r\n";

std::string digest_of(const std::string& body) { return hex_text(sha1(bytes_of(body))); }

std::string load(const std::string& body) { return "SCRIPT LOAD " + body; }

struct Cluster {
  FakeServer first;
  FakeServer second;
  TestPlane plane{{&first, &second}};
  TestClient client = plane.connect_served();
  std::string key = plane.key_of(0);
  std::string there = plane.key_of(1);

  [[nodiscard]] static std::string run(const std::string& key,
                                       const std::string& body = "return 1") {
    return "EVALSHA " + digest_of(body) + " 1 " + key;
  }
  static std::string eval(const std::string& body, const std::string& key) {
    return multibulk({"EVAL", body, "1", key});
  }
  void learn(const std::string& body) { plane.scripts().learn(bytes_of(body)); }
  /// Serves the loading of `body` and the request behind it.
  static void serve_primed(FakeServer& server, const std::string& body, const std::string& request,
                           const std::string& reply) {
    server.serve(load(body), bulk(digest_of(body)));
    server.serve(request, reply);
  }
};

TEST(a_script_is_loaded_in_front_of_its_first_use_on_a_link) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.send(request(cluster.run(cluster.key)) + request("GET " + cluster.key));
  cluster.first.serve(load(kBody), bulk(digest_of(kBody)));
  cluster.first.serve(cluster.run(cluster.key), ":1\r\n");
  cluster.first.serve("GET " + cluster.key, bulk("x"));
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), bulk("x"));

  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(cluster.run(cluster.key), ":2\r\n");
  CHECK_EQ(cluster.client.reply(), ":2\r\n");
  CHECK_EQ(cluster.plane.sum(&WorkerCounters::scripts_loaded), 1U);
}

TEST(the_body_of_an_eval_serves_digests_at_every_server) {
  Cluster cluster;
  cluster.client.send(cluster.eval(kBody, cluster.key));
  cluster.client.ask(cluster.run(cluster.there));
  cluster.first.serve("EVAL return 1 1 " + cluster.key, ":1\r\n");
  cluster.serve_primed(cluster.second, kBody, cluster.run(cluster.there), ":2\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":2\r\n");
}

TEST(a_digest_may_be_written_in_capitals) {
  Cluster cluster;
  cluster.learn(kBody);
  std::string digest = digest_of(kBody);
  for (char& c : digest) c = static_cast<char>(std::toupper(c));
  const std::string line = "EVALSHA " + digest + " 1 " + cluster.key;
  cluster.client.ask(line);
  cluster.serve_primed(cluster.first, kBody, line, ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(what_nobody_knows_goes_to_the_server_as_it_is) {
  Cluster cluster;
  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(cluster.run(cluster.key), kNoScript);
  CHECK_EQ(cluster.client.reply(), kNoScript);
  cluster.client.ask("EVALSHA nonsense 1 " + cluster.key);
  cluster.first.serve("EVALSHA nonsense 1 " + cluster.key, kNoScript);
  CHECK_EQ(cluster.client.reply(), kNoScript);
  // Learned afterwards, it is known at once.
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(a_new_link_is_given_its_scripts_anew) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  cluster.first.close_connections();
  cluster.plane.await(&WorkerCounters::links, 0);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":2\r\n");
  CHECK_EQ(cluster.client.reply(), ":2\r\n");
}

TEST(a_redirected_script_is_loaded_where_it_goes) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key),
                       moved(cluster.key, cluster.second));
  cluster.serve_primed(cluster.second, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(an_asked_script_is_loaded_before_asking) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key),
                       ask_at(cluster.key, cluster.second));
  const Call loading = cluster.second.take();
  CHECK(!loading.asking);
  CHECK_EQ(loading.text(), load(kBody));
  cluster.second.reply(loading, bulk(digest_of(kBody)));
  const Call asked = cluster.second.take();
  CHECK(asked.asking);
  CHECK_EQ(asked.text(), cluster.run(cluster.key));
  cluster.second.reply(asked, ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(flushed_scripts_are_loaded_no_more) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  cluster.plane.scripts().clear();
  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(cluster.run(cluster.key), kNoScript);
  CHECK_EQ(cluster.client.reply(), kNoScript);
  // And an EVAL makes it known again.
  cluster.client.send(cluster.eval(kBody, cluster.key));
  cluster.first.serve("EVAL return 1 1 " + cluster.key, ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(a_body_that_was_not_run_is_not_kept) {
  Cluster cluster;
  cluster.client.send(cluster.eval(kBody, cluster.key));
  cluster.first.serve("EVAL return 1 1 " + cluster.key,
                      "-ERR Error compiling script (new function): x\r\n");
  CHECK(cluster.client.reply().starts_with("-ERR Error compiling"));
  CHECK(!cluster.plane.scripts().has(sha1(bytes_of(kBody))));
  cluster.client.send(cluster.eval(kOther, cluster.key));
  cluster.first.serve("EVAL return 2 1 " + cluster.key, "-NOPERM this user may not\r\n");
  CHECK_EQ(cluster.client.reply(), "-NOPERM this user may not\r\n");
  CHECK(!cluster.plane.scripts().has(sha1(bytes_of(kOther))));
}

TEST(the_errors_of_a_script_that_was_known_forget_nothing) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.send(cluster.eval(kBody, cluster.key));
  cluster.first.serve("EVAL return 1 1 " + cluster.key, "-NOPERM this user may not\r\n");
  CHECK_EQ(cluster.client.reply(), "-NOPERM this user may not\r\n");
  CHECK(cluster.plane.scripts().has(sha1(bytes_of(kBody))));
}

TEST(a_flushed_server_is_given_the_script_again) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK(cluster.client.hears_nothing());
  const auto events = cluster.plane.take_events(PlaneEvent::Kind::kScriptMissing);
  CHECK_EQ(events.size(), 1U);
  if (!events.empty()) CHECK_EQ(events[0].text, cluster.first.node_id() + " " + digest_of(kBody));
  // Another server, or another script, is not the one.
  cluster.plane.check_script(cluster.second, kBody, true);
  cluster.plane.check_script(cluster.first, kOther, true);
  CHECK(cluster.first.stays_quiet());
  cluster.plane.check_script(cluster.first, kBody, true);
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(a_script_is_repeated_at_most_once) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK(cluster.client.hears_nothing());
  cluster.plane.check_script(cluster.first, kBody, true);
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK_EQ(cluster.client.reply(), kNoScript);
}

TEST(words_of_a_script_that_is_there_are_passed_on) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK(cluster.client.hears_nothing());
  cluster.plane.check_script(cluster.first, kBody, false);
  CHECK_EQ(cluster.client.reply(), kNoScript);
  CHECK(cluster.first.stays_quiet());
}

TEST(a_missing_script_waits_for_the_control_plane_only_so_long) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK_EQ(cluster.client.reply(), kNoScript);
}

TEST(what_follows_a_missing_script_waits_for_it) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK(cluster.client.hears_nothing());
  cluster.client.ask("SET " + cluster.key + " 2");
  CHECK(cluster.first.stays_quiet());
  TestClient other = cluster.plane.connect();
  other.ask("GET " + cluster.key);
  cluster.first.serve("GET " + cluster.key, bulk("x"));
  CHECK_EQ(other.reply(), bulk("x"));
  cluster.plane.check_script(cluster.first, kBody, true);
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  cluster.first.serve("SET " + cluster.key + " 2", "+OK\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), "+OK\r\n");
}

TEST(a_missing_script_that_was_overtaken_is_not_run_late) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.send(request(cluster.run(cluster.key)) + request("SET " + cluster.key + " 2"));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  cluster.first.serve("SET " + cluster.key + " 2", "+OK\r\n");
  CHECK_EQ(cluster.client.reply(), kNoScript);
  CHECK_EQ(cluster.client.reply(), "+OK\r\n");
  cluster.plane.check_script(cluster.first, kBody, true);
  CHECK(cluster.first.stays_quiet());
}

TEST(requests_sent_before_a_script_was_loaded_are_repeated_at_once) {
  Cluster cluster;
  cluster.learn(kBody);
  TestClient other = cluster.plane.connect_served();
  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(load(kBody), bulk(digest_of(kBody)));
  const Call mine = cluster.first.take();
  other.ask(cluster.run(cluster.key));
  const Call others = cluster.first.take();
  cluster.first.reply(mine, kNoScript);
  CHECK(cluster.client.hears_nothing());
  cluster.plane.check_script(cluster.first, kBody, true);
  const Call loading = cluster.first.take();
  CHECK_EQ(loading.text(), load(kBody));
  const Call again = cluster.first.take();
  // What the server refused before it had the script again arrives only now.
  cluster.first.reply(others, kNoScript);
  cluster.first.reply(loading, bulk(digest_of(kBody)));
  cluster.first.reply(again, ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":2\r\n");
  CHECK_EQ(other.reply(), ":2\r\n");
}

TEST(a_user_who_may_not_load_is_not_asked_to_twice) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.learn(kOther);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(load(kBody), "-NOPERM this user has no permissions to run 'script|load'\r\n");
  cluster.first.serve(cluster.run(cluster.key), kNoScript);
  CHECK(cluster.client.hears_nothing());
  cluster.plane.check_script(cluster.first, kBody, true);
  cluster.first.serve(cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
  cluster.client.ask(cluster.run(cluster.key, kOther));
  cluster.first.serve(cluster.run(cluster.key, kOther), ":2\r\n");
  CHECK_EQ(cluster.client.reply(), ":2\r\n");
}

TEST(loading_that_failed_is_tried_again) {
  Cluster cluster;
  cluster.learn(kBody);
  cluster.client.ask(cluster.run(cluster.key));
  cluster.first.serve(load(kBody), "-BUSY Redis is busy running a script\r\n");
  cluster.first.serve(cluster.run(cluster.key), "-BUSY Redis is busy running a script\r\n");
  CHECK_EQ(cluster.client.reply(), "-BUSY Redis is busy running a script\r\n");
  cluster.client.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), ":1\r\n");
  CHECK_EQ(cluster.client.reply(), ":1\r\n");
}

TEST(a_client_that_leaves_while_its_script_is_missing_is_forgotten) {
  Cluster cluster;
  cluster.learn(kBody);
  TestClient leaving = cluster.plane.connect_served();
  leaving.ask(cluster.run(cluster.key));
  cluster.serve_primed(cluster.first, kBody, cluster.run(cluster.key), kNoScript);
  CHECK(leaving.hears_nothing());
  leaving.leave(true);
  cluster.plane.await(&WorkerCounters::clients, 1);
  cluster.plane.check_script(cluster.first, kBody, true);
  CHECK(cluster.first.stays_quiet());
  cluster.client.ask("GET " + cluster.key);
  cluster.first.serve("GET " + cluster.key, bulk("x"));
  CHECK_EQ(cluster.client.reply(), bulk("x"));
}

TEST(scripts_of_a_transaction_are_loaded_in_front_of_it) {
  Cluster cluster;
  cluster.learn(kBody);
  CHECK_EQ(cluster.client.call("MULTI"), "+OK\r\n");
  cluster.client.send(cluster.eval(kOther, cluster.key));
  CHECK_EQ(cluster.client.reply(), "+QUEUED\r\n");
  CHECK_EQ(cluster.client.call(cluster.run(cluster.key)), "+QUEUED\r\n");
  cluster.client.ask("EXEC");
  const auto serve_block = [&](FakeServer& server, const std::string& reply) {
    server.serve(load(kBody), bulk(digest_of(kBody)));
    server.serve("MULTI", "+OK\r\n");
    server.serve("EVAL return 2 1 " + cluster.key, reply.empty() ? "+QUEUED\r\n" : reply);
    server.serve(cluster.run(cluster.key), reply.empty() ? "+QUEUED\r\n" : reply);
    server.serve("EXEC", reply.empty() ? "*2\r\n:2\r\n:1\r\n" : "-EXECABORT discarded\r\n");
  };
  serve_block(cluster.first, moved(cluster.key, cluster.second));
  serve_block(cluster.second, "");
  CHECK_EQ(cluster.client.reply(), "*2\r\n:2\r\n:1\r\n");
  CHECK(cluster.plane.scripts().has(sha1(bytes_of(kOther))));
}

TEST(a_missing_script_in_a_transaction_is_its_result) {
  Cluster cluster;
  cluster.learn(kBody);
  CHECK_EQ(cluster.client.call("MULTI"), "+OK\r\n");
  CHECK_EQ(cluster.client.call(cluster.run(cluster.key)), "+QUEUED\r\n");
  cluster.client.ask("EXEC");
  const std::string result = std::string("*1\r\n") + kNoScript;
  cluster.first.serve(load(kBody), bulk(digest_of(kBody)));
  cluster.first.serve("MULTI", "+OK\r\n");
  cluster.first.serve(cluster.run(cluster.key), "+QUEUED\r\n");
  cluster.first.serve("EXEC", result);
  CHECK_EQ(cluster.client.reply(), result);
}

}  // namespace
}  // namespace slotgate::test
