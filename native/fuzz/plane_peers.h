#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/reply_framer.h"
#include "core/request_framer.h"
#include "fuzz/invariant.h"
#include "plane/reply_text.h"

namespace slotgate::fuzz {

inline constexpr std::size_t kPieceBytes = 64 * 1024;

/// Sends what the socket takes of `output` without waiting.
inline void send_some(int fd, std::string& output) {
  while (fd >= 0 && !output.empty()) {
    const ssize_t sent = send(fd, output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    output.erase(0, static_cast<std::size_t>(sent));
  }
}

/// Reads what is there; false if the peer closed.
inline bool receive_all(int fd, std::string& input) {
  char bytes[kPieceBytes];
  for (;;) {
    const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    input.append(bytes, static_cast<std::size_t>(got));
  }
}

/// A client that checks what it is sent: well-formed replies, no more than it made requests.
class ScriptedClient {
 public:
  /// Returns the proxy's end of the connection.
  int connect() {
    int ends[2];
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
            "a socket pair");
    leave();
    fd_ = ends[0];
    output_.clear();
    input_.clear();
    asked_ = answered_ = 0;
    given_up_ = finished_ = false;
    requests_.reset();
    replies_.reset();
    unframed_.clear();
    return ends[1];
  }
  void send(std::string_view bytes) {
    if (finished_ || fd_ < 0) return;
    output_ += bytes;
    count_requests(bytes);
  }
  void finish() {
    if (fd_ < 0 || finished_) return;
    finished_ = true;
    send_some(fd_, output_);
    shutdown(fd_, SHUT_WR);
  }
  void leave() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void set_reading(bool reading) noexcept { reading_ = reading; }

  /// Moves bytes and checks replies.
  void work() {
    if (fd_ < 0) return;
    if (!finished_) send_some(fd_, output_);
    if (!reading_) return;
    const bool open = receive_all(fd_, input_);
    check_replies();
    if (!open) leave();
  }
  /// True if nothing is owed to it: every request was answered, or the connection is gone.
  [[nodiscard]] bool satisfied() const noexcept { return fd_ < 0 || answered_ == asked_; }
  [[nodiscard]] bool everything_sent() const noexcept { return fd_ < 0 || output_.empty(); }

 private:
  void count_requests(std::string_view bytes) {
    if (given_up_) return;
    unframed_ += bytes;
    std::size_t done = 0;
    while (done < unframed_.size()) {
      const auto* data = reinterpret_cast<const std::uint8_t*>(unframed_.data()) + done;
      const FrameStatus status = requests_.next(data, unframed_.size() - done, RequestLimits());
      if (status == FrameStatus::kNeedMore) break;
      if (status == FrameStatus::kProtocolError) {
        given_up_ = true;  // one error is the last reply
        ++asked_;
        break;
      }
      if (status == FrameStatus::kComplete) ++asked_;
      done += requests_.consumed();
    }
    unframed_.erase(0, done);
  }
  void check_replies() {
    std::size_t done = 0;
    while (done < input_.size()) {
      const auto* data = reinterpret_cast<const std::uint8_t*>(input_.data()) + done;
      const ReplyStatus status = replies_.next(data, input_.size() - done);
      require(status != ReplyStatus::kProtocolError, "what a client is sent is RESP");
      if (status == ReplyStatus::kNeedMore) break;
      require(!replies_.is_push(), "no client is sent a push");
      const std::string_view frame(input_.data() + done, replies_.frame_size());
      const bool is_message = frame.starts_with("*3\r\n$7\r\nmessage\r\n") ||
                              frame.starts_with("*3\r\n$8\r\nsmessage\r\n");
      if (!is_message) ++answered_;
      done += replies_.frame_size();
    }
    input_.erase(0, done);
    require(answered_ <= asked_, "no more replies than requests");
  }

  int fd_ = -1;
  bool reading_ = true;
  bool finished_ = false;
  bool given_up_ = false;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  std::string output_;
  std::string input_;
  std::string unframed_;
  RequestFramer requests_;
  ReplyFramer replies_;
};

/// A server on a unix socket. It shakes hands by itself; other requests wait to be answered.
class ScriptedServer {
 public:
  using Arguments = std::vector<std::string>;

  ScriptedServer(std::string path, char digit) : path_(std::move(path)), node_id_(40, digit) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(path_.c_str());
    require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                listen(listener_, 64) == 0,
            "a unix socket to listen on");
  }
  ~ScriptedServer() { unlink(path_.c_str()); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::string& node_id() const noexcept { return node_id_; }

  void set_refusing(bool refusing) noexcept { refusing_ = refusing; }
  void close_connections() {
    for (Connection& connection : connections_) close(connection.fd);
    connections_.clear();
  }
  /// Forgets what was connected, also what waits to be accepted.
  void start_over() {
    refusing_ = true;
    work();
    close_connections();
    refusing_ = false;
  }

  /// Accepts, reads, shakes hands.
  void work() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) break;
      if (refusing_) {
        close(fd);
      } else {
        connections_.emplace_back().fd = fd;
      }
    }
    for (std::size_t i = 0; i < connections_.size();) {
      Connection& connection = connections_[i];
      send_some(connection.fd, connection.output);
      if (receive_all(connection.fd, connection.input)) {
        take_requests(connection);
        send_some(connection.fd, connection.output);
        ++i;
      } else {
        close(connection.fd);
        connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  /// Answers the oldest request of a connection with what `reply` makes of it; false if none waits.
  template <typename Reply>
  bool answer(std::size_t number, Reply&& reply) {
    if (connections_.empty()) return false;
    Connection& connection = connections_[number % connections_.size()];
    if (connection.waiting.empty()) return false;
    connection.output += reply(connection.waiting.front());
    connection.waiting.pop_front();
    send_some(connection.fd, connection.output);
    return true;
  }
  template <typename Reply>
  void answer_all(Reply&& reply) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      while (answer(i, reply)) {
      }
    }
  }
  /// Any bytes, unasked.
  void send(std::size_t number, std::string_view bytes) {
    if (connections_.empty()) return;
    connections_[number % connections_.size()].output += bytes;
  }

 private:
  struct Connection {
    int fd = -1;
    std::string input;
    std::string output;
    std::deque<Arguments> waiting;
  };

  void take_requests(Connection& connection) {
    RequestFramer framer;
    std::size_t done = 0;
    while (done < connection.input.size()) {
      const auto* data = reinterpret_cast<const std::uint8_t*>(connection.input.data()) + done;
      const FrameStatus status = framer.next(data, connection.input.size() - done, RequestLimits());
      require(status != FrameStatus::kProtocolError, "what a server is sent is RESP");
      if (status != FrameStatus::kComplete) break;
      Arguments arguments;
      for (const Arg& arg : framer.args()) {
        arguments.emplace_back(framer.frame().text().substr(arg.offset, arg.length));
      }
      done += framer.consumed();
      if (!shake_hands(connection, arguments)) connection.waiting.push_back(std::move(arguments));
    }
    connection.input.erase(0, done);
  }
  bool shake_hands(Connection& connection, const Arguments& arguments) {
    const std::string& name = arguments[0];
    if (name == "HELLO") {
      connection.output += "*0\r\n";
    } else if (name == "CLIENT" && arguments.size() > 1) {
      connection.output += arguments[1] == "ID" ? ":1\r\n" : "+OK\r\n";
    } else if (name == "READONLY") {
      connection.output += "+OK\r\n";
    } else if (name == "INFO") {
      connection.output += bulk_reply("\nmaster_link_status:up\n");
    } else if (name == "CLUSTER") {
      connection.output += bulk_reply(node_id_);
    } else {
      return false;
    }
    return true;
  }

  std::string path_;
  std::string node_id_;
  int listener_ = -1;
  bool refusing_ = false;
  std::vector<Connection> connections_;
};

}  // namespace slotgate::fuzz
