// The data plane between a client and two servers that do anything at any time: send what is not
// RESP, redirect, refuse, fall silent, close. Then the servers come to their senses, and every
// request that the client made must have one reply, or its connection must be closed; and nothing
// may be left behind. No thread, no waiting: the fuzzer's bytes are the script and the clock.
#include <algorithm>
#include <array>
#include <csignal>

#include "core/crc16.h"
#include "fuzz/plane_peers.h"
#include "fuzz/plane_rig.h"
#include "fuzz/plane_script.h"
#include "test/wire.h"

namespace {

using slotgate::fuzz::PlaneRig;
using slotgate::fuzz::require;
using slotgate::fuzz::Script;
using slotgate::fuzz::ScriptedClient;
using slotgate::fuzz::ScriptedServer;

constexpr std::size_t kStepsMax = 60;
constexpr std::uint32_t kHoldTimeoutMs = 3000;
constexpr std::size_t kLargeBytes = 70000;
/// Bytes of the script from here on choose a pub/sub command.
constexpr std::uint8_t kPubSubFrom = 252;
/// The same for what clients are shown.
constexpr std::uint8_t kShowFrom = 254;

std::shared_ptr<const slotgate::DatabaseSettings> make_settings() {
  slotgate::DatabaseSettings settings;
  settings.retry_writes = true;
  settings.limits.hold_timeout_ms = kHoldTimeoutMs;
  settings.limits.hold_bytes_max = 4096;
  settings.limits.link_unanswered_bytes_max = 256 * 1024;
  settings.limits.client_output_bytes_max = 512 * 1024;
  settings.limits.private_links_per_server_max = 1;
  return std::make_shared<const slotgate::DatabaseSettings>(std::move(settings));
}

/// What a server that serves everything answers.
std::string good_reply(const ScriptedServer::Arguments& asked) {
  const std::string& name = asked[0];
  if (name == "get" || name == "eval") return "$1\r\nv\r\n";
  if (name == "EXISTS") return ":1\r\n";
  if (name == "publish") return ":1\r\n";
  if (name.ends_with("subscribe")) {
    return ">3\r\n" + slotgate::bulk_reply(name) + slotgate::bulk_reply(asked[1]) + ":1\r\n";
  }
  if (name == "blpop") return "*-1\r\n";
  if (name == "del") return ":" + std::to_string(asked.size() - 1) + "\r\n";
  if (name == "mget") {
    return "*" + std::to_string(asked.size() - 1) + "\r\n" +
           slotgate::test::times(asked.size() - 1, "$-1\r\n");
  }
  return "+OK\r\n";
}

/// One run of a script.
class Play {
 public:
  Play(Script script, std::array<ScriptedServer*, 2> servers)
      : rig_(settings(), commands()), script_(script), servers_(servers) {
    std::vector<std::string> nodes;
    for (ScriptedServer* server : servers_) {
      server->start_over();
      slotgate::ServerEntry entry;
      entry.node_id = server->node_id();
      entry.path = server->path();
      entry.label = server->path();
      entry.redirect_names = {server->path() + ":0"};
      routes_.servers.push_back(entry);
      nodes.push_back(entry.node_id);
    }
    rig_.set_nodes(std::move(nodes));
    publish(0);
    for (ScriptedClient& client : clients_) rig_.adopt(client.connect());
  }

  void run() {
    for (std::size_t step = 0; step < kStepsMax && !script_.empty(); ++step) {
      act();
      work();
    }
    come_to_an_end();
  }

 private:
  static std::shared_ptr<const slotgate::DatabaseSettings> settings() {
    static const auto made = make_settings();
    return made;
  }
  static std::shared_ptr<const slotgate::CommandTable> commands() {
    static const auto made = slotgate::fuzz::make_commands();
    return made;
  }

  void work() {
    for (ScriptedClient& client : clients_) client.work();
    for (ScriptedServer* server : servers_) server->work();
    rig_.turn();
  }

  void act() {
    const std::uint8_t what = script_.byte();
    if (what >= kShowFrom) return show(script_.byte());
    client_ = &clients_[what / 128];
    switch (what % 18) {
      case 0:
      case 1:
      case 2:
        client_->send(some_request());
        break;
      case 3:
        client_->send(script_.bytes(script_.byte() % 32U));
        break;
      case 4:
      case 5:
      case 6:
      case 7:
        server().answer(script_.byte(), [&](const auto& asked) { return some_reply(asked); });
        break;
      case 8:
        server().send(script_.byte(), script_.bytes(script_.byte() % 32U));
        break;
      case 9:
        server().close_connections();
        break;
      case 10:
        server().set_refusing(script_.byte() % 2 != 0);
        break;
      case 11:
        rig_.pass_time(std::uint64_t{script_.byte()} * 8);
        break;
      case 12:
        publish(script_.byte());
        break;
      case 13:
        change_client(script_.byte() % 4U);
        break;
      case 14:
        for (ScriptedServer* each : servers_) each->answer_all(good_reply);
        break;
      case 16:
        client_->send(some_transaction());
        break;
      case 17:
        rig_.locate_all();
        break;
      default:
        if (large_sent_++ < 1) client_->send(large_request());
        break;
    }
  }

  ScriptedServer& server() { return *servers_[script_.byte() % servers_.size()]; }

  std::string some_request() {
    using slotgate::test::multibulk;
    const std::uint8_t choice = script_.byte();
    if (choice >= kPubSubFrom) {
      constexpr std::array<const char*, 3> kNames{"subscribe", "ssubscribe", "unsubscribe"};
      const std::size_t name = choice - kPubSubFrom;
      if (name < kNames.size()) return multibulk({kNames[name], script_.key()});
      return multibulk({"publish", script_.key(), "m"});
    }
    switch (choice % 15) {
      case 0:
        return multibulk({"get", script_.key()});
      case 1:
        return multibulk({"set", script_.key(), "v"});
      case 2:
        return multibulk({"rename", script_.key(), script_.key()});
      case 3:
        return multibulk({"mget", script_.key(), script_.key(), script_.key()});
      case 4:
        return multibulk({"mset", script_.key(), "1", script_.key(), "2"});
      case 5:
        return multibulk({"del", script_.key(), script_.key(), script_.key()});
      case 6:
        return multibulk({"eval", script_.key()});
      case 7:
        return multibulk({"flushall"});
      case 9:
        return multibulk({"multi"});
      case 10:
        return multibulk({"exec"});
      case 11:
        return multibulk({"discard"});
      case 12:
        return multibulk({"watch", script_.key()});
      case 13:
        return multibulk({"unwatch"});
      case 14:
        return multibulk({"blpop", script_.key()});
      default:
        return "ping\r\n";
    }
  }
  std::string some_transaction() {
    using slotgate::test::multibulk;
    return multibulk({"multi"}) + some_request() + some_request() + multibulk({"exec"});
  }
  std::string large_request() {
    return slotgate::test::multibulk(
        {"set", script_.key(), std::string(std::size_t{1200} * 1024, 'x')});
  }

  std::string some_reply(const ScriptedServer::Arguments& asked) {
    const std::string key = asked.size() > 1 ? asked[1] : "";
    const std::string slot = std::to_string(slotgate::slot_for_key(slotgate::bytes_of(key)));
    const std::string other = servers_[script_.byte() % servers_.size()]->path() + ":0\r\n";
    switch (script_.byte() % 14) {
      case 0:
        return "-MOVED " + slot + " " + other;
      case 1:
        return "-MOVED " + slot + " 10.0.0.9:6379\r\n";
      case 2:
        return "-ASK " + slot + " " + other;
      case 3:
        return "-TRYAGAIN wait\r\n";
      case 4:
        return "-CLUSTERDOWN down\r\n";
      case 5:
        return "-READONLY demoted\r\n";
      case 6:
        return "-ERR any\r\n";
      case 7:
        return ":9223372036854775807\r\n";
      case 8:
        return ">3\r\n$7\r\nmessage\r\n" + slotgate::bulk_reply(key) + "$1\r\nm\r\n" +
               good_reply(asked);
      case 9:
        return "|1\r\n+a\r\n+b\r\n" + good_reply(asked);
      case 10:
        return slotgate::bulk_reply(std::string(kLargeBytes, 'y'));
      case 11:  // the end may follow as raw bytes, or the connection may be closed
        return "$" + std::to_string(kLargeBytes) + "\r\n" + std::string(kLargeBytes - 10, 'z');
      default:
        return good_reply(asked);
    }
  }

  /// The bits of `pattern` say who owns which part of the slots, or nobody, and who is read from.
  void publish(std::uint8_t pattern) {
    for (std::uint32_t slot = 0; slot < slotgate::kSlotCount; ++slot) {
      const unsigned owner = pattern >> (slot % 4 * 2) & 3U;
      routes_.slot_to_server[slot] =
          static_cast<std::uint16_t>(owner < 2    ? owner ^ (slot & 1U)
                                     : owner == 2 ? 0U
                                                  : slotgate::RouteSnapshot::kNobody);
    }
    routes_.reader_sets.clear();
    routes_.slot_to_readers.clear();
    if (pattern % 4 == 3) {
      routes_.reader_sets = {{0, 1}, {1}};
      for (std::uint32_t slot = 0; slot < slotgate::kSlotCount; ++slot)
        routes_.slot_to_readers.push_back(static_cast<std::uint16_t>(slot % 3));
      std::replace(routes_.slot_to_readers.begin(), routes_.slot_to_readers.end(), std::uint16_t{2},
                   slotgate::RouteSnapshot::kNobody);
    }
    ++routes_.version;
    routes_.refresh_started_ms = rig_.context().now_ms - pattern % 3U * 1000U;
    rig_.redirector().adopt(rig_.database(),
                            std::make_shared<const slotgate::RouteSnapshot>(routes_));
  }

  /// The bits of `pattern` say whether keys must share a slot, whether others serve slots, and
  /// which.
  void show(std::uint8_t pattern) {
    slotgate::Presentation shown;
    shown.one_slot_only = (pattern & 1U) != 0;
    if ((pattern & 2U) != 0) {
      shown.targets = {"10.0.0.9:6379"};
      for (std::uint32_t slot = 0; slot < slotgate::kSlotCount; ++slot) {
        const bool here = (pattern >> (2 + slot % 4) & 1U) != 0;
        shown.slot_to_target.push_back(here ? slotgate::Presentation::kHere : std::uint16_t{0});
      }
    }
    rig_.database().audiences.publish(
        std::make_shared<const slotgate::Presentations>(1, std::move(shown)));
  }

  void change_client(unsigned how) {
    if (how == 0) client_->finish();
    if (how == 1) rig_.adopt(client_->connect());
    if (how >= 2) client_->set_reading(how == 3);
  }

  /// From here on everybody behaves: what is owed must come within a bounded time.
  void come_to_an_end() {
    for (ScriptedClient& client : clients_) client.set_reading(true);
    for (ScriptedServer* server : servers_) {
      server->set_refusing(false);
      server->close_connections();
    }
    publish(0);
    const auto served = [&] {
      return std::all_of(clients_.begin(), clients_.end(), [](const ScriptedClient& client) {
        return client.everything_sent() && client.satisfied();
      });
    };
    settle(served);
    require(served(), "every request has a reply");
    for (ScriptedClient& client : clients_) client.leave();
    slotgate::WorkerContext& context = rig_.context();
    settle([&] { return context.requests.used() == 0 && context.clients.used() == 0; });
    require(context.clients.used() == 0, "a client that left is forgotten");
    require(rig_.pending() == 0, "no errand is left");
    require(rig_.lent_links() == 0, "a client that left has no link");
    require(context.joins.used() == 0, "no join is left");
    require(context.requests.used() == 0, "no request is left");
    require(rig_.counters().held_now.get() == 0, "nothing is held");
    require(rig_.counters().held_bytes_now.get() == 0, "no bytes are held");
    require(rig_.end(), "the loop has no handle left");
  }
  template <typename Done>
  void settle(Done&& done) {
    // Each command of a play may wait for a private link for 1 s, one after the other.
    for (int round = 0; round < 2000 && !done(); ++round) {
      for (ScriptedServer* server : servers_) server->answer_all(good_reply);
      work();
      if (round % 4 == 3) rig_.pass_time(100);
    }
  }

  PlaneRig rig_;
  Script script_;
  std::array<ScriptedServer*, 2> servers_;
  std::array<ScriptedClient, 2> clients_;
  ScriptedClient* client_ = &clients_[0];
  slotgate::RouteSnapshot routes_;
  int large_sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string prefix = "/tmp/slotgate-fuzz-" + std::to_string(getpid()) + "-";
  static ScriptedServer a(prefix + "a", 'a');
  static ScriptedServer b(prefix + "b", 'b');
  std::signal(SIGPIPE, SIG_IGN);
  Play(Script(data, size), {&a, &b}).run();
  return 0;
}
