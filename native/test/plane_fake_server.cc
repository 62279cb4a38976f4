#include "test/plane_fake_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/bytes.h"
#include "core/request_framer.h"
#include "test/check.h"
#include "test/plane_client.h"

namespace slotgate::test {

namespace {

constexpr std::chrono::milliseconds kQuiet{60};

std::string next_node_id() {
  static std::atomic<unsigned> next{1};
  char id[41];
  std::snprintf(id, sizeof id, "%040x", next++);
  return id;
}

}  // namespace

std::string Call::text() const {
  std::string joined;
  for (const std::string& word : args) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

const std::string& Call::arg(std::size_t index) const {
  static const std::string none;
  return index < args.size() ? args[index] : none;
}

FakeServer::FakeServer() : node_id_(next_node_id()) {
  shown_id_ = node_id_;
  if (pipe(wake_) != 0) std::abort();
  listen_now();
  thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  for (const auto& [number, connection] : connections_) close(connection.fd);
  if (listener_ >= 0) close(listener_);
  close(wake_[0]);
  close(wake_[1]);
}

ServerEntry FakeServer::entry() const {
  ServerEntry entry;
  entry.node_id = node_id_;
  entry.host = "127.0.0.1";
  entry.port = port_;
  entry.label = endpoint();
  entry.redirect_names = {endpoint()};
  return entry;
}

void FakeServer::listen_now() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 128) != 0) {
    std::perror("fake server");
    std::abort();
  }
  if (port_ != 0) return;  // handlers read it
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

void FakeServer::wake() {
  if (::write(wake_[1], "", 1) != 1) std::abort();
}

void FakeServer::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    std::vector<pollfd> watched{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    std::vector<int> numbers;
    for (const auto& [number, connection] : connections_) {
      watched.push_back({connection.fd, POLLIN, 0});
      numbers.push_back(number);
    }
    lock.unlock();
    poll(watched.data(), watched.size(), -1);
    char drained[64];
    if (watched[0].revents != 0 && ::read(wake_[0], drained, sizeof drained) < 0) std::abort();
    lock.lock();
    if (watched[1].revents != 0 && watched[1].fd == listener_) accept_one();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      // The handler runs unlocked, so a connection may be gone meanwhile.
      const auto it = connections_.find(numbers[i]);
      if (watched[i + 2].revents == 0 || it == connections_.end()) continue;
      lock.unlock();
      read(numbers[i]);
      lock.lock();
    }
  }
}

void FakeServer::accept_one() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections_[accepted_++].fd = fd;
}

void FakeServer::read(int number) {
  std::vector<Call> calls;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto it = connections_.find(number);
    if (it == connections_.end()) return;
    char bytes[65536];
    const ssize_t got = recv(it->second.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      close(it->second.fd);
      connections_.erase(it);
      return;
    }
    std::string& input = it->second.input;
    input.append(bytes, static_cast<std::size_t>(got));
    std::size_t done = 0;
    for (RequestFramer framer;;) {
      const Bytes rest = bytes_of(std::string_view(input).substr(done));
      if (framer.next(rest.data, rest.size, RequestLimits()) != FrameStatus::kComplete) break;
      Call call;
      call.connection = number;
      const std::string_view frame = framer.frame().text();
      for (const Arg& arg : framer.args()) {
        call.args.emplace_back(frame.substr(arg.offset, arg.length));
      }
      calls.push_back(std::move(call));
      done += framer.consumed();
    }
    input.erase(0, done);
  }
  for (Call& call : calls) received(number, std::move(call));
}

void FakeServer::received(int number, Call call) {
  Handler handler;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto it = connections_.find(number);
    if (it == connections_.end()) return;
    if (const auto reply = handshake(number, call)) {
      write(number, *reply);
      return;
    }
    if (call.text() == "ASKING") {
      it->second.asking = true;
      return;
    }
    call.asking = it->second.asking;
    it->second.asking = false;
    handler = handler_;
  }
  const auto answer = handler ? handler(call) : std::nullopt;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (answer) {
    write(number, (call.asking ? "+OK\r\n" : "") + *answer);
    return;
  }
  waiting_.push_back(std::move(call));
  arrived_.notify_all();
}

std::optional<std::string> FakeServer::handshake(int number, const Call& call) {
  const std::string text = call.text();
  if (call.arg(0) == "HELLO") {
    handshakes_.push_back(text);
    if (hello_reply_ == "-") return "";
    if (!hello_reply_.empty()) return hello_reply_;
    return "*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n";
  }
  const bool is_rest = text == "CLIENT NO-EVICT ON" || text == "CLUSTER MYID" ||
                       text == "CLIENT ID" || text.starts_with("CLIENT KILL");
  if (busy_ && is_rest) return "-BUSY Redis is busy running a script.\r\n";
  if (text == "CLIENT NO-EVICT ON") return hello_reply_ == "-" ? "" : "+OK\r\n";
  if (text == "CLUSTER MYID") return hello_reply_ == "-" ? "" : bulk(shown_id_);
  if (text == "CLIENT ID")
    return hello_reply_ == "-" ? "" : ":" + std::to_string(number + kFirstClientId) + "\r\n";
  if (text == "INFO replication") return hello_reply_ == "-" ? "" : replication_;
  if (text.starts_with("CLIENT KILL") || text == "READONLY") {
    handshakes_.push_back(text);
    if (text == "READONLY") return hello_reply_ == "-" ? "" : "+OK\r\n";
    return ":0\r\n";
  }
  return std::nullopt;
}

void FakeServer::write(int number, const std::string& bytes) {
  const auto it = connections_.find(number);
  if (it == connections_.end()) return;
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t gone =
        send(it->second.fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (gone <= 0) return;  // the link was closed; its test will notice
    sent += static_cast<std::size_t>(gone);
  }
}

void FakeServer::answer_with(Handler handler) {
  const std::lock_guard<std::mutex> lock(mutex_);
  handler_ = std::move(handler);
}

Call FakeServer::take() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!arrived_.wait_for(lock, kPatience, [&] { return !waiting_.empty(); })) {
    report_failure(__FILE__, __LINE__, "no request arrived at " + endpoint());
    return {};
  }
  Call call = std::move(waiting_.front());
  waiting_.pop_front();
  return call;
}

void FakeServer::serve(const std::string& text, const std::string& reply_bytes) {
  const Call call = take();
  CHECK_EQ(call.text(), text);
  reply(call, reply_bytes);
}

bool FakeServer::stays_quiet() {
  std::unique_lock<std::mutex> lock(mutex_);
  return !arrived_.wait_for(lock, kQuiet, [&] { return !waiting_.empty(); });
}

std::size_t FakeServer::waiting() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

void FakeServer::reply(const Call& call, const std::string& bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  write(call.connection, (call.asking ? "+OK\r\n" : "") + bytes);
}

void FakeServer::send_to(int connection, const std::string& bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  write(connection, bytes);
}

void FakeServer::close_connection(int connection, bool reset) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto it = connections_.find(connection);
    if (it == connections_.end()) return;
    if (reset) {
      const linger now{1, 0};
      setsockopt(it->second.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(it->second.fd);
    connections_.erase(it);
  }
  wake();
}

void FakeServer::close_connections() {
  std::vector<int> numbers;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, connection] : connections_) numbers.push_back(number);
  }
  for (const int number : numbers) close_connection(number);
}

void FakeServer::refuse(bool refusing) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (refusing && listener_ >= 0) {
      close(listener_);
      listener_ = -1;
    } else if (!refusing && listener_ < 0) {
      listen_now();
    }
  }
  wake();
}

int FakeServer::accepted() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return accepted_;
}

void FakeServer::greet_with(const std::string& hello_reply) {
  const std::lock_guard<std::mutex> lock(mutex_);
  hello_reply_ = hello_reply;
}

void FakeServer::pretend_to_be(const std::string& node_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  shown_id_ = node_id;
}

void FakeServer::replicate_as(const std::string& reply) {
  const std::lock_guard<std::mutex> lock(mutex_);
  replication_ = reply;
}

void FakeServer::be_busy(bool busy) {
  const std::lock_guard<std::mutex> lock(mutex_);
  busy_ = busy;
}

std::vector<std::string> FakeServer::handshakes() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return handshakes_;
}

}  // namespace slotgate::test
