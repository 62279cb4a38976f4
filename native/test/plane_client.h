#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/reply_framer.h"

namespace slotgate::test {

/// How long a test waits for what must happen. Only ever reached by a failing test.
inline constexpr std::chrono::seconds kPatience{10};

/// `text` as a bulk string reply.
[[nodiscard]] inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
/// Bulk strings as an array reply.
[[nodiscard]] std::string array(const std::vector<std::string>& texts);
/// A request of the words of `line`.
[[nodiscard]] std::string request(const std::string& line);

/// True as soon as `holds`; false if it does not within kPatience.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

/// A client of the proxy, with blocking calls that end after kPatience with a failing check.
class TestClient {
 public:
  /// Takes over a connected socket.
  explicit TestClient(int fd) noexcept : fd_(fd) {}
  TestClient(TestClient&& other) noexcept;
  TestClient& operator=(TestClient&& other) = delete;
  ~TestClient() { leave(); }
  /// Connects to a loopback port.
  [[nodiscard]] static TestClient connect_to(std::uint16_t port);

  void send(std::string_view bytes);
  /// Sends the words of `line` as a request.
  void ask(const std::string& line) { send(request(line)); }
  /// As many of `bytes` as the socket takes within a short while: for clients that do not read.
  std::size_t send_some(std::string_view bytes);
  /// The wire bytes of the next reply; "" and a failing check if none comes.
  std::string reply();
  /// ask() and reply().
  std::string call(const std::string& line);
  /// True if no byte comes within a short while.
  [[nodiscard]] bool hears_nothing();
  /// True if the peer closes (or resets) without another byte.
  [[nodiscard]] bool is_closed();
  /// True if it was sent something, or closed.
  [[nodiscard]] bool is_answered() const;
  [[nodiscard]] std::uint16_t local_port() const;
  /// Sends a FIN.
  void finish();
  /// Closes; with `reset` the peer sees a RST.
  void leave(bool reset = false);

 private:
  /// More input; false at the end of the stream, or when time is up.
  bool receive(std::chrono::milliseconds patience);

  int fd_ = -1;
  std::string input_;
  ReplyFramer framer_;
};

}  // namespace slotgate::test
