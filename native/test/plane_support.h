#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plane/plane.h"
#include "test/plane_client.h"
#include "test/plane_fake_server.h"

namespace slotgate::test {

/// Commands of every way through the plane: plain, split, script, local, control, barrier.
[[nodiscard]] std::shared_ptr<const CommandTable> plane_commands();

/// How a TestPlane is set up; what is left out is the product's default.
struct PlaneSetup {
  std::uint32_t workers = 1;
  DatabaseSettings settings;
};

/// A running plane with one database in front of fake servers. Slots are dealt out in equal ranges,
/// in the order of the servers. Ends with the plane's own stop(), which must join all threads.
class TestPlane {
 public:
  explicit TestPlane(std::vector<FakeServer*> servers, PlaneSetup setup = {});
  ~TestPlane();
  TestPlane(const TestPlane&) = delete;
  TestPlane& operator=(const TestPlane&) = delete;

  [[nodiscard]] Plane& plane() noexcept { return *plane_; }
  /// A client of which the plane knows that its replies are small: so many of its requests go out
  /// at once.
  static constexpr std::uint32_t kKnownWindow = 32;
  [[nodiscard]] TestClient connect() { return connect_at(port_); }
  [[nodiscard]] TestClient connect_at(std::uint16_t port);
  /// A new connection, which may be no client yet: nothing is known of it, see Lanes.
  [[nodiscard]] TestClient connect_unknown() const { return TestClient::connect_to(port_); }
  /// Connects and waits until a worker has the client.
  [[nodiscard]] TestClient connect_served();
  /// A further port, of one worker, for clients of any database.
  [[nodiscard]] std::uint16_t open_port(std::uint32_t database, std::uint32_t worker);
  void stop();
  /// All workers stop accepting; `done` is called on the thread of the last one.
  void stop_listening(std::function<void()> done);

  /// A key of a slot of server `server`; each `number` gives another slot.
  [[nodiscard]] static std::string key(std::size_t server, std::size_t servers, int number = 0);
  [[nodiscard]] std::string key_of(std::size_t server, int number = 0) const {
    return key(server, servers_.size(), number);
  }

  /// Changes the table of owners that the next publish() tells; kNobody: no owner.
  void assign(std::uint16_t slot, std::uint16_t server) { routes_.slot_to_server[slot] = server; }
  /// What the redirect names of a server are from the next publish() on.
  [[nodiscard]] RouteSnapshot& routes() noexcept { return routes_; }
  /// Lets every worker adopt the routes; `age` is how long ago the refresh behind them began.
  void publish(std::chrono::milliseconds age = {});
  /// Publishes what clients are shown.
  void show(Presentations presentations);
  /// What clients that connect from now on are shown.
  void set_rules(const std::vector<PeerRule>& rules);
  /// Who may connect from now on, and what they are shown.
  void set_rules(const ListenerRules& rules);
  /// Runs `order` on every worker and waits.
  void on_workers(const Order& order);

  /// The figure of all workers together, for example `sum(&WorkerCounters::held_now)`.
  [[nodiscard]] std::uint64_t sum(Counter WorkerCounters::*figure) const;
  /// Waits until the figure is `value`; a failing check if it does not become it.
  void await(Counter WorkerCounters::*figure, std::uint64_t value);
  /// The scripts that all workers share.
  [[nodiscard]] ScriptStore& scripts() noexcept { return *scripts_; }
  /// Tells every worker what the control plane found about a script that `server` did not have.
  void check_script(const FakeServer& server, const std::string& body, bool loaded);
  /// The next control request; waits for it.
  ControlRequest take_control();
  void answer(const ControlRequest& asked, const ControlAnswer& given);
  void answer(const ControlRequest& asked, const std::string& reply);
  /// Sends `line` to a server as the client that asked; `order` says how. Its ticket.
  std::uint64_t send(const ControlRequest& asked, const FakeServer& to, const std::string& line,
                     ErrandOrder order = {});
  /// Asks where the blocking errand of the client waits. Its ticket.
  std::uint64_t locate(const ControlRequest& asked);
  /// The same, to several servers.
  std::uint64_t send_to_all(const ControlRequest& asked, const std::vector<const FakeServer*>& to,
                            const std::string& line, ErrandOrder order = {});
  /// What came of an errand to one server; waits for it.
  ErrandOutcome outcome(std::uint64_t ticket);
  /// What came of an errand, or of locate(), at each server.
  std::vector<ErrandOutcome> outcomes(std::uint64_t ticket);
  /// `client` sends `line` and is `user` from then on.
  void log_in(const std::string& line, TestClient& client, std::int32_t user);
  /// Events since the last call, of one kind.
  [[nodiscard]] std::vector<PlaneEvent> take_events(PlaneEvent::Kind kind);

 private:
  int listen_on_loopback(std::uint16_t& port);
  void collect();
  /// True if a worker has the client with this local port, which is known from now on.
  bool make_known(std::uint16_t port);

  std::vector<FakeServer*> servers_;
  std::shared_ptr<ScriptStore> scripts_ = std::make_shared<ScriptStore>();
  std::unique_ptr<Plane> plane_;
  RouteSnapshot routes_;
  std::vector<int> listeners_;
  std::vector<ControlRequest> controls_;
  std::vector<PlaneEvent> events_;
  std::vector<ErrandResult> results_;
  std::uint64_t last_ticket_ = 0;
  std::uint16_t port_ = 0;
};

/// "-MOVED slot endpoint" or "-ASK slot endpoint", for the slot of `key`.
[[nodiscard]] std::string moved(const std::string& key, const FakeServer& to);
[[nodiscard]] std::string ask_at(const std::string& key, const FakeServer& to);

/// What a client is told of a redirect that was not followed: servers' addresses are not for it.
[[nodiscard]] std::string being_moved(const std::string& key);

[[nodiscard]] std::uint16_t slot_of(const std::string& key);

}  // namespace slotgate::test
