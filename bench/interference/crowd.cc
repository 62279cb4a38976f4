// Clients that stand around: subscribers of one channel that gets messages, and clients that wait
// in BLPOP.
//
//   crowd HOST PORT SUBSCRIBERS MESSAGES_PER_SECOND MESSAGE_BYTES BLOCKED
//
// Prints `ready` when all are there, and at the end of its input one line of JSON. It reads seldom,
// some messages at a time, so that it takes little of the machine that it shares with the target.
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sockets.h"

namespace {

constexpr std::uint64_t kSecond = 1000000000;
constexpr std::uint64_t kReadEveryNs = 50000000;
constexpr std::uint64_t kRestNs = 1000000;
constexpr std::uint64_t kPublisher = UINT64_MAX;
constexpr std::uint64_t kBlocked = UINT64_MAX - 1;

class Crowd {
 public:
  Crowd(const char* host, std::uint16_t port) : host_(host), port_(port) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
  }

  void gather(std::size_t subscribers, std::size_t message_bytes, std::size_t blocked) {
    publish_ = "*3\r\n" + bulk("PUBLISH") + bulk("crowd") + bulk(std::string(message_bytes, 'x'));
    message_bytes_ =
        ("*3\r\n" + bulk("message") + bulk("crowd") + bulk(std::string(message_bytes, 'x'))).size();
    for (std::size_t i = 0; i < subscribers; ++i) {
      const int fd = connect_to(host_, port_);
      send_all(fd, "*2\r\n" + bulk("SUBSCRIBE") + bulk("crowd"));
      expect(fd, "*3\r\n" + bulk("subscribe") + bulk("crowd") + ":1\r\n");
      watch(epoll_, fd, static_cast<std::uint64_t>(fd));
    }
    for (std::size_t i = 0; i < blocked; ++i) {
      const int fd = connect_to(host_, port_);
      send_all(fd, "*3\r\n" + bulk("BLPOP") + bulk("crowd-" + std::to_string(i)) + bulk("0"));
      watch(epoll_, fd, kBlocked);
    }
    publisher_ = connect_to(host_, port_);
    watch(epoll_, publisher_, kPublisher);
  }

  void run(double messages_per_second) {
    const double interval_ns = messages_per_second > 0 ? 1e9 / messages_per_second : 0;
    const std::uint64_t start_ns = now_ns();
    std::uint64_t read_at_ns = start_ns + kReadEveryNs;
    std::uint64_t published = 0;
    while (!input_ended()) {
      const std::uint64_t now = now_ns();
      const bool due = interval_ns > 0 && static_cast<double>(published) * interval_ns <=
                                              static_cast<double>(now - start_ns);
      if (due) {
        send_all(publisher_, publish_);
        ++published;
      }
      if (now >= read_at_ns) {
        read_all();
        read_at_ns = now + kReadEveryNs;
      }
    }
    const double seconds = static_cast<double>(now_ns() - start_ns) / kSecond;
    std::printf(
        "{\"messagesPerSecond\":%.1f}\n",
        static_cast<double>(received_bytes_) / static_cast<double>(message_bytes_) / seconds);
  }

 private:
  /// Waits a moment for it.
  static bool input_ended() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, static_cast<int>(kRestNs / 1000000)) > 0;
  }

  void read_all() {
    std::array<epoll_event, 4096> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
      if (number == kBlocked) {
        errno = 0;
        die("a client in BLPOP was answered or closed");
      }
      const int fd = number == kPublisher ? publisher_ : static_cast<int>(number);
      const ssize_t bytes = recv(fd, buffer_.data(), buffer_.size(), 0);
      if (bytes <= 0) die("the target closed a subscriber");
      if (number != kPublisher) received_bytes_ += static_cast<std::uint64_t>(bytes);
    }
  }

  const char* host_;
  std::uint16_t port_;
  int epoll_ = -1;
  int publisher_ = -1;
  std::string publish_;
  std::size_t message_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "crowd HOST PORT SUBSCRIBERS MESSAGES_PER_SECOND MESSAGE_BYTES BLOCKED\n");
    return 2;
  }
  const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
  raise_file_limit();
  Crowd crowd(argv[1], static_cast<std::uint16_t>(number(2)));
  crowd.gather(number(3), number(5), number(6));
  std::printf("ready\n");
  std::fflush(stdout);
  crowd.run(std::atof(argv[4]));
}
