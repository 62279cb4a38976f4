// Slots move, topologies are late, servers take their time, links are lost: whatever happens, what
// a client sends for a key is executed in the order in which it was sent, each at most once, and
// each reply tells the truth about its request.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <map>
#include <thread>

#include "test/check.h"
#include "test/plane_model_cluster.h"
#include "test/plane_support.h"

namespace slotgate::test {
namespace {

constexpr int kSteps = 400;
constexpr std::size_t kClients = 4;

/// What a client sent; the reply must agree with what the servers did.
struct Sent {
  std::vector<std::string> keys;
  std::string value;  ///< that it writes; "": it reads, or does nothing
};

struct Writer {
  TestClient connection;
  char letter;
  int last = 0;
  std::vector<Sent> sent{};
  std::vector<std::string> replies{};
};

/// Owners as a server saw them a while ago.
struct Seen {
  std::chrono::steady_clock::time_point at;
  std::array<std::uint16_t, ModelCluster::kSlots> owners{};
};

class Play {
 public:
  explicit Play(std::uint64_t seed)
      : seed_(seed), random_(seed), cuts_(random_.below(4) == 0), downs_(random_.below(6) == 0) {
    writers_.reserve(kClients);
    for (std::size_t i = 0; i < kClients; ++i) {
      // Of some nothing is known yet: they change lanes, see Lanes.
      writers_.push_back({random_.below(2) == 0 ? plane_.connect() : plane_.connect_unknown(),
                          static_cast<char>('a' + i)});
      if (i % 2 == 1) send(writers_.back(), "HELLO 3", {});
    }
    bind(writers_.front());
  }

  void run() {
    std::thread streaming([this] { stream(); });
    for (int i = 0; i < kSteps; ++i) {
      step();
      if (random_.below(2) == 0) plane_.on_workers([](Worker&) {});
    }
    drain();
    streaming.join();
    check(streamer_);
    for (const Writer& writer : writers_) check(writer);
  }

 private:
  /// What the client sends goes over links of its own from now on.
  void bind(Writer& writer) {
    send(writer, "INFO", {});
    const ControlRequest asked = plane_.take_control();
    BoundLinks bound;
    bound.setup = {{"PING"}};
    plane_.on_workers(
        [&](Worker& worker) { worker.control().bind(asked.client_index, asked.client_id, bound); });
    plane_.answer(asked, "+OK\r\n");
  }

  /// Large requests go another way, and learn of redirects there.
  void stream() {
    for (const std::size_t slot : slots_) {
      const std::string key = cluster_.key(slot, 0);
      const std::string value = streamer_.letter + std::to_string(++streamer_.last);
      send(streamer_, "SET " + key + " " + value + std::string(1U << 20U, '.'), {{key}, value});
      streamer_.replies.push_back(streamer_.connection.reply());
    }
    is_streaming_ = false;
  }

  void step() {
    const std::size_t slot = random_.below(ModelCluster::kSlots);
    (void)cluster_.receive();
    std::size_t dice = random_.below(writes_ + 2 * speed_ + moves_ + 10);
    const auto is = [&](std::size_t share) {
      const bool mine = dice < share;
      dice -= mine ? 0 : share;
      return mine;
    };
    if (is(writes_)) {
      write(writers_[random_.below(kClients)]);
    } else if (is(speed_)) {
      cluster_.execute_one();
    } else if (is(speed_)) {
      cluster_.deliver_one();
    } else if (is(moves_)) {
      cluster_.move_on(slot);
    } else if (is(3)) {
      look();
    } else if (is(3)) {
      publish();
    } else if (is(1) && cuts_) {
      cluster_.cut_one();
    } else if (downs_) {
      cluster_.be_down(slot, is(1));
    }
  }

  void send(Writer& writer, const std::string& line, Sent sent) {
    writer.connection.ask(line);
    writer.sent.push_back(std::move(sent));
  }

  void write(Writer& writer) {
    const std::size_t slot = random_.below(ModelCluster::kSlots);
    for (std::size_t count = 1 + random_.below(4); count != 0; --count) {
      const std::string one = cluster_.key(slot, static_cast<int>(random_.below(2)));
      const std::string both[] = {cluster_.key(slot, 0), cluster_.key(slot, 1)};
      const std::string value = writer.letter + std::to_string(++writer.last);
      cluster_.tell(one, "sent: " + value);
      const std::size_t dice = random_.below(100);
      if (dice < 50) {
        send(writer, "APPEND " + one + " " + value, {{one}, value});
      } else if (dice < 60) {
        send(writer, "GET " + one, {{one}, ""});
      } else if (dice < 70) {
        send(writer, "EVAL body 2 " + both[0] + " " + both[1] + " " + value,
             {{both[0], both[1]}, value});
      } else if (dice < 80) {
        send(writer, "MSET " + both[0] + " " + value + " " + both[1] + " " + value,
             {{both[0], both[1]}, value});
      } else if (dice >= 80) {
        send(writer, "MULTI", {});
        send(writer, "APPEND " + one + " " + value, {});
        send(writer, "EXEC", {{one}, value});
      }
    }
  }

  void look() {
    Seen& seen = seen_.emplace_back();
    seen.at = std::chrono::steady_clock::now();
    const std::size_t viewer = random_.below(ModelCluster::kServers);
    for (std::size_t slot = 0; slot < ModelCluster::kSlots; ++slot)
      seen.owners[slot] = cluster_.owner(viewer, slot);
  }

  void publish() {
    if (seen_.empty()) return;
    const Seen seen = seen_.front();
    seen_.pop_front();
    for (std::size_t slot = 0; slot < ModelCluster::kSlots; ++slot) {
      plane_.assign(cluster_.slot_number(slot), seen.owners[slot]);
      cluster_.tell(cluster_.key(slot, 0), "# topology: " + std::to_string(seen.owners[slot]));
    }
    plane_.publish(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - seen.at));
  }

  void drain() {
    cluster_.rest();
    std::atomic<std::size_t> reading = kClients;
    std::vector<std::thread> readers;
    for (Writer& writer : writers_) {
      readers.emplace_back([&] {
        while (writer.replies.size() < writer.sent.size())
          writer.replies.push_back(writer.connection.reply());
        --reading;
      });
    }
    while (reading != 0 || is_streaming_) {
      if (!cluster_.receive()) std::this_thread::sleep_for(std::chrono::microseconds(100));
      cluster_.execute_one();
      cluster_.deliver_one();
    }
    for (std::thread& reader : readers) reader.join();
  }

  void check(const Writer& writer) {
    std::map<std::string, std::string> last;
    for (std::size_t i = 0; i < writer.sent.size(); ++i) {
      for (const std::string& key : writer.sent[i].keys) check(writer, i, key, last[key]);
    }
  }

  static bool is_unknown(const std::string& reply) {
    const bool in_parts = reply.starts_with('-') && reply.find("applied") != std::string::npos;
    return in_parts || reply.starts_with("-OUTCOMEUNKNOWN ");
  }

  /// A read that is repeated, since its link was lost or it was refused, may see a younger write of
  /// its client if what became of that is unknown.
  static bool saw_unknown(const Writer& writer, std::size_t number, const std::string& key) {
    for (std::size_t i = number + 1; i < writer.sent.size(); ++i) {
      const Sent& younger = writer.sent[i];
      const bool concerns =
          std::find(younger.keys.begin(), younger.keys.end(), key) != younger.keys.end();
      if (!concerns || younger.value.empty() || !is_unknown(writer.replies[i])) continue;
      if (writer.replies[number].find(younger.value + " ") != std::string::npos) return true;
    }
    return false;
  }

  /// @param last What the key held before, of this client; "?" if that is not known.
  void check(const Writer& writer, std::size_t number, const std::string& key, std::string& last) {
    const Sent& sent = writer.sent[number];
    const std::string& reply = writer.replies[number];
    const bool failed = reply.starts_with('-');
    const auto complain = [&](const std::string& what) {
      report_failure(__FILE__, __LINE__,
                     "seed " + std::to_string(seed_) + ": " + key + " " + what + ": " + reply +
                         cluster_.story(key, writer.letter));
    };
    if (sent.value.empty()) {
      const bool is_right = failed || last == "?" || reply.find(last) != std::string::npos;
      if (!is_right && !saw_unknown(writer, number, key)) complain("was read after " + last);
      return;
    }
    const bool unknown = is_unknown(reply);
    const bool written = cluster_.has(key, sent.value);
    if (!unknown && written == failed) complain(sent.value + " was answered");
    if (unknown) last = "?";
    if (written && last != "?") last = sent.value + " ";
  }

  std::uint64_t seed_;
  Random random_;
  ModelCluster cluster_{random_};
  TestPlane plane_{cluster_.servers()};
  std::vector<Writer> writers_;
  Writer streamer_{plane_.connect(), 'z'};
  std::vector<std::size_t> slots_{random_.below(ModelCluster::kSlots),
                                  random_.below(ModelCluster::kSlots)};
  std::atomic<bool> is_streaming_ = true;
  std::deque<Seen> seen_;
  bool cuts_;
  bool downs_;
  /// How much of each there is.
  std::size_t writes_ = 10 + random_.below(30);
  std::size_t speed_ = 10 + random_.below(50);
  std::size_t moves_ = 3 + random_.below(25);
};

int from_environment(const char* name, int usual) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usual : std::atoi(text);
}

/// By hand: SLOTGATE_ORDER_SEED=1000 SLOTGATE_ORDER_PLAYS=5000.
TEST(requests_of_a_client_on_a_key_are_executed_in_order) {
  const int first = from_environment("SLOTGATE_ORDER_SEED", 1);
  const int plays = from_environment("SLOTGATE_ORDER_PLAYS", 25);
  for (int seed = first; seed < first + plays; ++seed) Play(static_cast<std::uint64_t>(seed)).run();
}

}  // namespace
}  // namespace slotgate::test
