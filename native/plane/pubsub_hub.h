#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/slot_map.h"
#include "plane/pubsub_wire.h"
#include "plane/worker_context.h"

namespace slotgate {

class PubSubHub;
class PubSubCensus;

/// Names are looked up without a copy.
struct NameHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
    return std::hash<std::string_view>{}(name);
  }
};
template <typename Value>
using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

/// A channel, pattern or shard channel that clients of one user want.
struct PubSubTopic {
  PubSubHub* hub = nullptr;
  std::string name;
  PubSubFamily family = PubSubFamily::kChannel;
  std::uint16_t slot = 0;  ///< kShard
  /// Keyspace notifications may match: every primary tells its own only.
  bool of_keyspace = false;
  bool resting = false;  ///< on the hub's list of topics without holders
  std::uint64_t resting_since_ms = 0;
  std::uint32_t holders = 0;               ///< clients that have it or wait for it
  std::vector<std::uint32_t> subscribers;  ///< clients

  /// A client whose confirmation waits for the topic: for an answer to what was sent to servers
  /// after the client had asked, even if others have the topic already. So no message reaches it
  /// that was published before.
  struct Waiting {
    std::uint32_t client = kNoIndex;
    std::uint64_t ticket = 0;
  };
  std::vector<Waiting> waiting;   ///< by ticket
  std::uint64_t last_ticket = 0;  ///< of who asked last; each turn has one ticket
  bool to_ask = false;            ///< on the hub's list of topics with a new ticket
};

/// What is subscribed at one server for a hub, over one link. A server answers in order, so what
/// was sent and is unanswered is a queue.
struct PubSubUpstream {
  struct Sent {
    PubSubAction action = PubSubAction::kNone;  ///< kNone: a ping
    PubSubFamily family = PubSubFamily::kChannel;
    std::string name;
    std::uint64_t ticket = 0;
    bool counted = false;  ///< kUnsubscribe: the census has it until it is answered
  };
  /// Tickets of a topic.
  struct Asked {
    std::uint64_t first = 0;  ///< answers to older ones are to what has ended since
    std::uint64_t last = 0;
    std::uint64_t confirmed = 0;  ///< the youngest that was answered; 0: none
  };
  PubSubHub* hub = nullptr;
  Server* server = nullptr;
  Link* link = nullptr;  ///< nullptr: there is none now
  std::deque<Sent> sent;
  std::array<ByName<Asked>, kPubSubFamilies> topics;
  std::array<std::size_t, kPubSubFamilies> confirmed{};
  /// After a refusal that is not for ever: nothing new is asked before.
  std::uint64_t retry_at_ms = 0;
  std::uint32_t backoff_ms = 0;
  std::string refusal;                ///< the server's words, CRLF included
  std::uint64_t unused_since_ms = 0;  ///< 0: it is in use

  [[nodiscard]] bool empty() const noexcept {
    return topics[0].empty() && topics[1].empty() && topics[2].empty();
  }
};

/// The subscriptions of one upstream user in a database, as one worker has them. Every topic is
/// subscribed upstream once, over links of that user, so that the servers' rules hold:
///
///   channels, patterns  at the home primary, the owner of slot 0; messages are taken from one
///                       server at a time, also while the home moves
///   what keyspace notifications may match   at every other primary, too; there only messages of
///                       keyspace channels are taken
///   shard channels      at the owner of their slot, and from its former owner until it has them
///
/// run() brings the links to that state from any other; everything that happens to servers, slots
/// and links only asks for it.
class PubSubHub {
 public:
  PubSubHub(WorkerContext& context, PubSubCensus& census, Database& database, std::uint16_t user)
      : context_(context), census_(census), database_(database), user_(user) {}

  [[nodiscard]] Database& database() noexcept { return database_; }
  [[nodiscard]] std::uint16_t user() const noexcept { return user_; }

  /// A client wants the topic: it has one more holder.
  PubSubTopic& hold(PubSubFamily family, std::string_view name);
  /// The holder waits for the topic: see PubSub::topic_live.
  void await(PubSubTopic& topic, std::uint32_t client);
  /// It has one less. Without any it is kept for a moment, since many come back at once.
  void release(PubSubTopic& topic);
  /// True if every server that must have confirmed the topic has, for who has this ticket.
  [[nodiscard]] bool is_live(const PubSubTopic& topic, std::uint64_t ticket) const;
  /// Why the topic is not live, as an error reply.
  [[nodiscard]] std::string reason(const PubSubTopic& topic) const;

  void link_ready(PubSubUpstream& upstream);
  void link_lost(PubSubUpstream& upstream);
  void pushed(PubSubUpstream& upstream, std::string_view frame);
  /// A reply that is no push: an error, or the answer to a ping.
  void replied(PubSubUpstream& upstream, std::string_view line);
  void ping(PubSubUpstream& upstream);

  void slots_changed() noexcept { stale_ = true; }
  /// Brings the links up to date, if anything has changed. Once per turn.
  void run();
  /// True while something is to be tried again soon.
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }
  /// Upkeep, once in a while. True if nothing is left of the hub.
  bool tick();

 private:
  using Topics = ByName<PubSubTopic>;

  Topics& topics(PubSubFamily family) noexcept { return topics_[static_cast<std::size_t>(family)]; }
  void reconcile();
  [[nodiscard]] PubSubTopic* find(PubSubFamily family, std::string_view name);
  [[nodiscard]] std::uint16_t home_wanted() const noexcept;
  void choose_home();
  void list_primaries();
  [[nodiscard]] bool needs(const PubSubTopic& topic, std::uint16_t server) const;
  /// Asks for the topic wherever it is needed and its last ticket was not sent yet.
  void ask_everywhere(PubSubTopic& topic);
  void ask(std::uint16_t server, PubSubTopic& topic);
  PubSubUpstream& upstream(std::uint16_t server);
  [[nodiscard]] const PubSubUpstream* find_upstream(std::uint16_t server) const;
  [[nodiscard]] bool is_ready(std::uint16_t server) const;
  [[nodiscard]] bool is_confirmed(std::uint16_t server, const PubSubTopic& topic,
                                  std::uint64_t ticket) const;
  bool connect(PubSubUpstream& upstream);
  void send(PubSubUpstream& upstream, PubSubUpstream::Sent sent);
  void drop_unneeded(PubSubUpstream& upstream);
  void unsubscribe(PubSubUpstream& upstream, PubSubFamily family, const std::string& name);
  void forget_asked(PubSubUpstream& upstream, PubSubFamily family, const std::string& name);
  void confirmed(PubSubUpstream& upstream, const PubSubUpstream::Sent& sent);
  void refused(PubSubUpstream& upstream, const PubSubUpstream::Sent& sent, std::string_view line);
  void answered(PubSubUpstream& upstream, const PubSubPush& push);
  /// True if messages of this kind are taken from this server.
  [[nodiscard]] bool takes(const PubSubUpstream& upstream, const PubSubTopic& topic,
                           const PubSubPush& push) const;
  void forget_all(PubSubUpstream& upstream);
  void wake_if_live(PubSubTopic& topic);
  void count(const PubSubUpstream& upstream, PubSubFamily family, const std::string& name,
             std::int32_t by);
  void close(PubSubUpstream& upstream);

  WorkerContext& context_;
  PubSubCensus& census_;
  Database& database_;
  std::uint16_t user_;
  std::array<Topics, kPubSubFamilies> topics_;
  std::vector<PubSubTopic*> resting_;
  std::vector<PubSubTopic*> to_ask_;
  std::map<std::uint16_t, std::unique_ptr<PubSubUpstream>> upstreams_;
  std::vector<bool> is_primary_;  ///< by server; see list_primaries()
  std::uint16_t home_ = SlotMap::kUnassigned;
  bool stale_ = false;
  bool waiting_ = false;
};

}  // namespace slotgate
