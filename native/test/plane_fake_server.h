#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "plane/route_snapshot.h"
#include "test/plane_client.h"

namespace slotgate::test {

/// A request as a fake server received it.
struct Call {
  int connection = -1;  ///< numbered from 0 in the order of accepting; -1: nothing came in time
  bool asking = false;  ///< ASKING came directly before it
  std::vector<std::string> args;

  /// The arguments, separated by blanks.
  [[nodiscard]] std::string text() const;
  /// The `index`-th argument, or "" where the request has fewer.
  [[nodiscard]] const std::string& arg(std::size_t index) const;
};

/// A server of a cluster on a loopback port, with a thread of its own.
///
/// It shakes hands with links by itself. Any other request goes to the handler, if there is one and
/// it returns a reply; else it waits until the test take()s it and reply()s, in the order of its
/// connection. All methods are for the test's thread.
class FakeServer {
 public:
  /// What CLIENT ID says on the first connection; one more on each that follows.
  static constexpr int kFirstClientId = 100;
  /// Returns the reply's wire bytes, or nothing: then the request waits for take(). Runs on the
  /// server's thread.
  using Handler = std::function<std::optional<std::string>(const Call&)>;

  FakeServer();
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }
  /// As the control plane would publish it.
  [[nodiscard]] ServerEntry entry() const;

  void answer_with(Handler handler);
  /// The next request that waits; waits for it. A failing check if none comes.
  Call take();
  /// Takes the next request, which must be `text`, and answers it.
  void serve(const std::string& text, const std::string& reply_bytes);
  /// True if a short while passes without any waiting request.
  [[nodiscard]] bool stays_quiet();
  /// Requests that wait for take().
  [[nodiscard]] std::size_t waiting();
  void reply(const Call& call, const std::string& bytes);
  /// Any bytes, on any connection.
  void send_to(int connection, const std::string& bytes);

  /// Closes one connection; without reset the peer sees a FIN.
  void close_connection(int connection, bool reset = false);
  void close_connections();
  /// While refusing, connection attempts are refused by the kernel.
  void refuse(bool refusing);
  /// Connections accepted so far, and those that finished the handshake.
  [[nodiscard]] int accepted();
  /// Replies of the handshake: "" is the usual one, "-" is silence.
  void greet_with(const std::string& hello_reply);
  void pretend_to_be(const std::string& node_id);
  /// What INFO replication says to links that only read; else that all is well.
  void replicate_as(const std::string& reply);
  /// As while a script runs: of the handshake only HELLO is answered.
  void be_busy(bool busy);
  /// What links sent: `HELLO …`, `CLIENT KILL ID n` and `READONLY` lines.
  [[nodiscard]] std::vector<std::string> handshakes();

 private:
  struct Connection {
    int fd = -1;
    bool asking = false;
    std::string input;
  };

  void listen_now();
  void run();
  void accept_one();
  void read(int number);
  void received(int number, Call call);
  std::optional<std::string> handshake(int number, const Call& call);
  void write(int number, const std::string& bytes);
  void wake();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<int, Connection> connections_;
  std::deque<Call> waiting_;
  std::vector<std::string> handshakes_;
  Handler handler_;
  std::string hello_reply_;
  std::string shown_id_;
  std::string replication_ = bulk("# Replication\r\nrole:slave\r\nmaster_link_status:up\r\n");
  bool busy_ = false;
  std::string node_id_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  int accepted_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace slotgate::test
