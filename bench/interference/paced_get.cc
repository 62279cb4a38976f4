// GETs of random keys at a given rate, and how long each took.
//
//   paced_get HOST PORT CLIENTS RATE SECONDS KEYS VALUE_BYTES [TAG…]
//
// Keys are key:000000000000 and so on, or with tags {TAG}:00000000, as many of each tag.
// RATE 0 is the most that CLIENTS connections with one request each can do. Else requests are due
// at regular times whatever the replies do: one that finds all connections busy has been waiting
// since it was due. The first second is not counted. Prints one line of JSON, times in
// microseconds.
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sockets.h"

namespace {

constexpr std::uint64_t kSecond = 1000000000;
constexpr std::uint64_t kTimer = UINT64_MAX;

struct Connection {
  int fd = -1;
  std::uint64_t since_ns = 0;
  std::size_t missing = 0;
};

class Load {
 public:
  Load(std::size_t value_bytes, std::uint32_t keys, std::vector<std::string> tags)
      : reply_bytes_(bulk(std::string(value_bytes, 'x')).size()),
        keys_(keys),
        tags_(std::move(tags)) {}

  void run(const char* host, std::uint16_t port, std::size_t clients, double rate, double seconds) {
    interval_ns_ = rate > 0 ? 1e9 / rate : 0;
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    watch(epoll_, timer_, kTimer);
    connections_.resize(clients);
    for (std::size_t i = 0; i < clients; ++i) {
      connections_[i].fd = connect_to(host, port);
      watch(epoll_, connections_[i].fd, i);
      idle_.push_back(i);
    }
    start_ns_ = now_ns();
    const std::uint64_t end_ns = start_ns_ + kSecond + static_cast<std::uint64_t>(seconds * 1e9);
    while (now_ns() < end_ns) {
      send_due();
      wait();
    }
    print(seconds);
  }

 private:
  [[nodiscard]] std::uint64_t due_ns() const {
    return start_ns_ + static_cast<std::uint64_t>(static_cast<double>(sent_) * interval_ns_);
  }

  void send_due() {
    for (;;) {
      const std::uint64_t now = now_ns();
      const std::uint64_t due = interval_ns_ > 0 ? due_ns() : now;
      if (due > now) {
        starved_ = false;
        arm(due);
        return;
      }
      if (idle_.empty()) {
        starved_ = true;
        return;
      }
      Connection& connection = connections_[idle_.back()];
      idle_.pop_back();
      // Our own lateness is not the target's.
      connection.since_ns = starved_ ? due : now;
      connection.missing = reply_bytes_;
      send_all(connection.fd, request());
      ++sent_;
    }
  }

  [[nodiscard]] std::string_view request() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const auto key = static_cast<std::uint32_t>((random_ >> 33) % keys_);
    if (!tags_.empty()) {
      const std::string& tag = tags_[(random_ >> 20) % tags_.size()];
      const int length = std::snprintf(request_.data(), request_.size(),
                                       "*2\r\n$3\r\nGET\r\n$%zu\r\n{%s}:%08u\r\n",
                                       tag.size() + 11, tag.c_str(), key);
      return {request_.data(), static_cast<std::size_t>(length)};
    }
    const int length = std::snprintf(request_.data(), request_.size(),
                                     "*2\r\n$3\r\nGET\r\n$16\r\nkey:%012u\r\n", key);
    return {request_.data(), static_cast<std::size_t>(length)};
  }

  void arm(std::uint64_t at_ns) const {
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(at_ns / kSecond);
    spec.it_value.tv_nsec = static_cast<long>(at_ns % kSecond);
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void wait() {
    std::array<epoll_event, 128> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
      if (number == kTimer) {
        std::uint64_t times = 0;
        (void)!read(timer_, &times, sizeof times);
      } else {
        receive(static_cast<std::size_t>(number));
      }
    }
  }

  void receive(std::size_t number) {
    Connection& connection = connections_[number];
    char buffer[4096];
    const ssize_t count = recv(connection.fd, buffer, sizeof buffer, 0);
    if (count <= 0) die("the target closed a connection");
    if (static_cast<std::size_t>(count) > connection.missing || buffer[0] == '-') {
      std::fprintf(stderr, "unexpected reply: %.*s\n", static_cast<int>(count), buffer);
      std::exit(1);
    }
    connection.missing -= static_cast<std::size_t>(count);
    if (connection.missing != 0) return;
    const std::uint64_t now = now_ns();
    if (now >= start_ns_ + kSecond)
      taken_us_.push_back(static_cast<float>(now - connection.since_ns) / 1000);
    idle_.push_back(number);
  }

  void print(double seconds) {
    if (taken_us_.empty()) die("no replies");
    std::sort(taken_us_.begin(), taken_us_.end());
    const auto at = [&](double part) {
      return static_cast<double>(
          taken_us_[static_cast<std::size_t>(static_cast<double>(taken_us_.size() - 1) * part)]);
    };
    std::printf("{\"requestsPerSecond\":%.1f,\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f}\n",
                static_cast<double>(taken_us_.size()) / seconds, at(0.5), at(0.99), at(0.999));
  }

  std::size_t reply_bytes_;
  std::uint32_t keys_;
  std::vector<std::string> tags_;
  double interval_ns_ = 0;
  int epoll_ = -1;
  int timer_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  std::vector<float> taken_us_;
  std::array<char, 128> request_{};
  std::uint64_t start_ns_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t random_ = 1;
  bool starved_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fprintf(stderr, "paced_get HOST PORT CLIENTS RATE SECONDS KEYS VALUE_BYTES [TAG…]\n");
    return 2;
  }
  Load load(std::strtoul(argv[7], nullptr, 10),
            static_cast<std::uint32_t>(std::strtoul(argv[6], nullptr, 10)),
            std::vector<std::string>(argv + 8, argv + argc));
  load.run(argv[1], static_cast<std::uint16_t>(std::atoi(argv[2])),
           std::strtoul(argv[3], nullptr, 10), std::atof(argv[4]), std::atof(argv[5]));
}
