#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "test/plane_fake_server.h"
#include "test/random.h"

namespace slotgate::test {

/// Servers that own slots, give them away key by key, and take their time. What they decide is what
/// redis-server decides (getNodeByQuery); a test says when each of them takes its next step.
///
/// Values are a client's letter and a number that grows: `a17`. Whatever writes one says so to
/// `written`, which complains of what was written in another order, or twice.
class ModelCluster {
 public:
  static constexpr std::size_t kServers = 3;
  static constexpr std::size_t kSlots = 3;

  explicit ModelCluster(Random& random);

  [[nodiscard]] std::vector<FakeServer*> servers() const;
  /// `{tag}number`: keys of one slot share the tag.
  [[nodiscard]] std::string key(std::size_t slot, int number) const;
  [[nodiscard]] std::uint16_t slot_number(std::size_t slot) const;
  /// Whom `viewer` takes for the owner.
  [[nodiscard]] std::uint16_t owner(std::size_t viewer, std::size_t slot) const;

  /// Looks what has arrived. False if nothing waits for any of the next steps.
  bool receive();
  /// Executes or refuses the oldest request of a connection. Its reply is on its way then.
  void execute_one();
  /// The oldest reply of a connection arrives.
  void deliver_one();
  /// The next step of moving a slot.
  void move_on(std::size_t slot);
  /// Ends all moves, and all servers are up.
  void rest();
  /// A server says that the cluster is down, or no longer.
  void be_down(std::size_t server, bool down) { down_[server] = down; }
  /// A connection ends; some of what it has brought is executed yet.
  void cut_one();

  /// True if the value was written to the key.
  [[nodiscard]] bool has(const std::string& key, const std::string& value) const {
    return written_.contains({key, value});
  }
  /// What has happened to the slot of `key` and to a client's requests of it, for messages.
  [[nodiscard]] std::string story(const std::string& key, char client) const;
  void tell(const std::string& key, const std::string& what);

 private:
  static constexpr std::size_t kNobody = kServers;

  /// What one server thinks of one slot.
  struct View {
    std::size_t owner = kNobody;
    std::size_t giving_to = kNobody;
    std::size_t taking_from = kNobody;
  };
  enum class Move { kNone, kTaking, kGiving, kTaken, kGiven };
  struct Slot {
    std::string tag;
    std::size_t owner = 0;
    std::size_t next = 0;
    Move move = Move::kNone;
    std::array<View, kServers> views;
    std::array<std::set<std::string>, kServers> keys;  ///< where they are
    std::deque<std::string> story;
  };
  struct Connection {
    std::deque<Call> calls;
    std::deque<std::pair<Call, std::string>> replies;
    bool in_block = false;
    bool block_asks = false;
    bool block_refused = false;
    std::vector<Call> block;
  };
  using Name = std::pair<std::size_t, int>;  ///< of a connection: the server, and its number there

  std::size_t slot_of_key(const std::string& key) const;
  std::string refusal(std::size_t server, const std::vector<std::string>& keys, bool asking);
  std::string execute(const Name& name, Connection& connection, const Call& call);
  std::string end_block(std::size_t server, Connection& connection);
  std::string run(std::size_t server, const Call& call);
  void write(std::size_t server, const std::string& key, const std::string& value);
  Connection* pick(bool with_calls, Name& name);
  /// Nothing more is executed of connections that the proxy gave up, and has killed before it sends
  /// anything else.
  void obey_kills(std::size_t server);

  Random& random_;
  std::array<std::unique_ptr<FakeServer>, kServers> servers_;
  std::array<bool, kServers> down_{};
  std::array<Slot, kSlots> slots_;
  std::map<Name, Connection> connections_;
  std::set<Name> killed_;
  std::array<std::size_t, kServers> obeyed_{};         ///< lines of handshakes
  std::map<std::string, std::map<char, int>> values_;  ///< by key: the last of each client
  std::set<std::pair<std::string, std::string>> written_;
};

/// The keys of a request, and the value that it writes ("" if it reads).
[[nodiscard]] std::vector<std::string> keys_of(const Call& call);
[[nodiscard]] std::string value_of(const Call& call);

}  // namespace slotgate::test
