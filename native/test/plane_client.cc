#include "test/plane_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "core/bytes.h"
#include "test/check.h"
#include "test/commands.h"
#include "test/wire.h"

namespace slotgate::test {

namespace {

constexpr std::chrono::milliseconds kShortWhile{60};

bool wait_until_ready(int fd, short events, std::chrono::milliseconds patience) {
  pollfd watched{fd, events, 0};
  return poll(&watched, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

std::string array(const std::vector<std::string>& texts) {
  std::string reply = "*" + std::to_string(texts.size()) + "\r\n";
  for (const std::string& text : texts) reply += bulk(text);
  return reply;
}

std::string request(const std::string& line) { return multibulk(words(line)); }

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

TestClient::TestClient(TestClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      input_(std::move(other.input_)),
      framer_(std::move(other.framer_)) {}

TestClient TestClient::connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    report_failure(__FILE__, __LINE__, "the proxy refused a connection");
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return TestClient(fd);
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_until_ready(fd_, POLLOUT, kPatience)) {
      report_failure(__FILE__, __LINE__, "the proxy does not read");
      return;
    }
    const ssize_t gone = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (gone < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(gone));
  }
}

std::size_t TestClient::send_some(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size() && wait_until_ready(fd_, POLLOUT, kShortWhile)) {
    const ssize_t gone =
        ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (gone <= 0) break;
    sent += static_cast<std::size_t>(gone);
  }
  return sent;
}

bool TestClient::receive(std::chrono::milliseconds patience) {
  if (!wait_until_ready(fd_, POLLIN, patience)) return false;
  char bytes[65536];
  const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  input_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string TestClient::reply() {
  for (;;) {
    const Bytes bytes = bytes_of(input_);
    const ReplyStatus status =
        input_.empty() ? ReplyStatus::kNeedMore : framer_.next(bytes.data, bytes.size);
    if (status == ReplyStatus::kComplete) {
      std::string frame = input_.substr(0, framer_.frame_size());
      input_.erase(0, framer_.frame_size());
      return frame;
    }
    if (status == ReplyStatus::kProtocolError) {
      report_failure(__FILE__, __LINE__, "not RESP: " + printable(input_.substr(0, 80)));
      return "";
    }
    if (!receive(kPatience)) {
      report_failure(__FILE__, __LINE__, "no reply, only: " + printable(input_.substr(0, 80)));
      return "";
    }
  }
}

std::string TestClient::call(const std::string& line) {
  ask(line);
  return reply();
}

bool TestClient::hears_nothing() {
  return input_.empty() && !wait_until_ready(fd_, POLLIN, kShortWhile);
}

bool TestClient::is_closed() {
  while (wait_until_ready(fd_, POLLIN, kPatience)) {
    char bytes[65536];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return input_.empty();
    input_.append(bytes, static_cast<std::size_t>(got));
  }
  return false;
}

bool TestClient::is_answered() const {
  std::uint8_t byte = 0;
  return recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

std::uint16_t TestClient::local_port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void TestClient::finish() { shutdown(fd_, SHUT_WR); }

void TestClient::leave(bool reset) {
  if (fd_ < 0) return;
  if (reset) {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close(fd_);
  fd_ = -1;
}

}  // namespace slotgate::test
