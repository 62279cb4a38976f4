// Whoever disturbs the clients that are measured, until the end of its input.
//
//   disturb touch HOST PORT KEY   10 clients that send a GET each 10 ms, whether they are answered or not
//   disturb script HOST PORT KEY  one client that runs scripts of a second, one after the other
//   disturb large HOST PORT KEY   one client that GETs KEY each second and reads all of it
//   disturb flood HOST PORT KEY   one client that sends GETs as fast as they are taken, and reads
//
// Prints `ready` when it begins.
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <vector>

#include "../interference/sockets.h"

namespace {

constexpr int kTouching = 10;
constexpr int kTouchEveryMs = 10;
constexpr int kFloodBatch = 100;

std::string get(const std::string& key) { return "*2\r\n" + bulk("GET") + bulk(key); }

/// Waits for up to `ms`; true at the end of the input.
bool ends_within(int ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, ms) > 0;
}

/// Whatever has come, and whether that was anything.
bool drain(int fd) {
  static std::vector<char> buffer(1 << 20);
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count == 0) die("a connection was closed");
  return count > 0;
}

void touch(const char* host, std::uint16_t port, const std::string& key) {
  std::vector<int> fds;
  for (int i = 0; i < kTouching; ++i) fds.push_back(connect_to(host, port));
  const std::string request = get(key);
  std::puts("ready");
  while (!ends_within(kTouchEveryMs)) {
    for (const int fd : fds) {
      // A part of a request would need the rest of it later.
      int unsent = 0;
      const bool has_room = ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent < 4096;
      if (has_room) send_all(fd, request);
      (void)drain(fd);
    }
  }
}

void script(const char* host, std::uint16_t port, const std::string& key) {
  const int fd = connect_to(host, port);
  const std::string body =
      "local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end "
      "local till = now() + 1000 while now() < till do end return 1";
  const std::string request = "*4\r\n" + bulk("EVAL") + bulk(body) + bulk("1") + bulk(key);
  std::puts("ready");
  while (!ends_within(0)) {
    send_all(fd, request);
    expect(fd, ":1\r\n");
  }
}

void large(const char* host, std::uint16_t port, const std::string& key) {
  const int fd = connect_to(host, port);
  std::vector<char> buffer(1 << 20);
  std::puts("ready");
  do {
    send_all(fd, get(key));
    std::string head;
    while (head.empty() || head.back() != '\n') {
      char byte = 0;
      if (recv(fd, &byte, 1, 0) <= 0) die("recv");
      head.push_back(byte);
    }
    if (head[0] != '$') die(head.c_str());
    for (std::size_t rest = std::strtoul(head.c_str() + 1, nullptr, 10) + 2; rest > 0;) {
      const ssize_t count = recv(fd, buffer.data(), std::min(rest, buffer.size()), 0);
      if (count <= 0) die("recv");
      rest -= static_cast<std::size_t>(count);
    }
  } while (!ends_within(1000));
}

void flood(const char* host, std::uint16_t port, const std::string& key) {
  const int fd = connect_to(host, port);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die("fcntl");
  std::string batch;
  for (int i = 0; i < kFloodBatch; ++i) batch += get(key);
  std::size_t sent = 0;
  std::puts("ready");
  while (!ends_within(0)) {
    pollfd ready{fd, POLLIN | POLLOUT, 0};
    if (poll(&ready, 1, 100) < 0) die("poll");
    if ((ready.revents & POLLIN) != 0) (void)drain(fd);
    if ((ready.revents & POLLOUT) == 0) continue;
    const ssize_t count = send(fd, batch.data() + sent, batch.size() - sent, MSG_NOSIGNAL);
    if (count > 0) sent = (sent + static_cast<std::size_t>(count)) % batch.size();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "disturb touch|script|large|flood HOST PORT KEY\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string_view how = argv[1];
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[3]));
  if (how == "touch") touch(argv[2], port, argv[4]);
  if (how == "script") script(argv[2], port, argv[4]);
  if (how == "large") large(argv[2], port, argv[4]);
  if (how == "flood") flood(argv[2], port, argv[4]);
}
