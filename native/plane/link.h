#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/reply_framer.h"
#include "plane/byte_buffer.h"
#include "plane/slab.h"
#include "plane/watcher.h"

namespace slotgate {

class Links;
struct Server;
struct Database;
struct PubSubUpstream;
struct LinkScripts;

enum class LinkState : std::uint8_t {
  kConnecting,
  kHandshaking,
  kReady,
  kClosed,
};

enum class LinkKind : std::uint8_t {
  kShared,        ///< many clients, pipelined
  kPrivate,       ///< lent to one client
  kSubscription,  ///< brings messages to a PubSubHub; RESP3
  kReader,        ///< shared, too, but only reads are sent on it, to a replica; see Readers
};

/// Which of the shared links to a server, by whom it is for; see Lanes.
enum class Lane : std::uint8_t {
  kUsual,
  kUnproven,
  kLarge,
};

/// How a link was lost.
enum class LinkEnd : std::uint8_t {
  kServerEnded,  ///< the server, or the network, closed it
  kSilent,       ///< we gave it up; the server may yet read and execute what it was sent
  kMisbehaved,   ///< the same, since it brought what cannot be a reply
};

/// Bytes for a server, kept until they are answered: the send buffer is the resend buffer.
///
///   | answered | sent, unanswered | not sent yet |
///              ^ start_           ^ start_ + sent_
class LinkStream {
 public:
  /// Position in the stream, modulo 2^32, of the next byte appended.
  [[nodiscard]] std::uint32_t end() const noexcept {
    return start_ + static_cast<std::uint32_t>(bytes_.size());
  }
  [[nodiscard]] std::uint8_t* prepare(std::size_t count) { return bytes_.prepare(count); }
  void commit(std::size_t count) noexcept { bytes_.commit(count); }
  void append(const void* data, std::size_t count) { bytes_.append(data, count); }
  [[nodiscard]] const std::uint8_t* at(std::uint32_t offset) const noexcept {
    return bytes_.data() + (offset - start_);
  }
  [[nodiscard]] std::size_t unanswered() const noexcept { return bytes_.size(); }
  [[nodiscard]] const std::uint8_t* unsent_data() const noexcept { return bytes_.data() + sent_; }
  [[nodiscard]] std::size_t unsent() const noexcept { return bytes_.size() - sent_; }
  void mark_sent(std::size_t count) noexcept { sent_ += count; }
  /// What was sent is not kept: for requests that are not repeated.
  void forget_sent() noexcept {
    bytes_.consume(sent_);
    start_ += static_cast<std::uint32_t>(sent_);
    sent_ = 0;
  }
  /// True if the last byte before `offset` was handed to the kernel.
  [[nodiscard]] bool sent_up_to(std::uint32_t offset) const noexcept {
    return offset - start_ <= sent_;
  }
  /// Everything before `offset` is answered.
  void answered_up_to(std::uint32_t offset) noexcept {
    const std::uint32_t count = offset - start_;
    bytes_.consume(count);
    sent_ -= count;
    start_ = offset;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }
  void shrink(std::size_t most) { bytes_.shrink(most); }

 private:
  ByteBuffer bytes_{MemoryKind::kLinks};
  std::size_t sent_ = 0;
  std::uint32_t start_ = 0;
};

/// What a server has answered to a block (a transaction sent as one request) so far.
struct BlockReplies {
  std::uint32_t count = 0;
  std::string first_error;     ///< the first error line, CRLF included
  bool begin_refused = false;  ///< the first reply was an error: what follows was no transaction
  bool executed = false;       ///< … and something of it was executed
};

/// An upstream connection. Replies come in the order of the requests, so its unanswered requests
/// are a ring; a request's sequence number is answered + its place in the ring.
struct Link {
  Watcher watcher;
  int fd = -1;
  LinkState state = LinkState::kConnecting;
  LinkKind kind = LinkKind::kShared;
  Lane lane = Lane::kUsual;  ///< kShared, kReader
  std::uint8_t protocol = 2;
  std::uint16_t user = 0;
  bool dirty = false;           ///< on the list of links to flush this turn
  std::uint8_t waited = 0;      ///< turns for which a flush was put off
  bool write_blocked = false;   ///< the kernel's buffer is full
  bool fenced = false;          ///< a slot queue waits for a sequence number of this link
  bool streaming = false;       ///< what is sent is not kept
  bool located = false;         ///< kPrivate: the control plane was told who it is; see Errands
  bool leased = false;          ///< kPrivate: the borrower keeps state at the server; see Leases
  bool to_busy = false;         ///< the server may be busy with a script; see `unidentified`
  bool unidentified = false;    ///< … and was: it did not tell who it is. Closed after its errand
  bool bound = false;           ///< … and the setup of its BoundLinks was sent
  bool retired = false;         ///< takes no more requests; closed when everything is answered
  bool denied = false;          ///< the server did not let the user in until the deadline
  bool head_forwarded = false;  ///< the beginning of the reply being read went to its client
  std::uint8_t handshake_step = 0;
  std::uint8_t handshake_left = 0;   ///< steps in all
  std::uint8_t handshake_kills = 0;  ///< … of which so many, the last, kill connections
  Links* links = nullptr;
  Server* server = nullptr;
  Database* database = nullptr;

  std::uint64_t number = 0;  ///< grows by one with each link of the worker
  LinkStream stream;
  IndexRing in_flight;
  std::uint64_t answered = 0;  ///< requests answered since it opened
  ReplyFramer framer;
  ByteBuffer partial{MemoryKind::kLinks};  ///< the beginning of a reply that is not complete

  ByteBuffer handshake{MemoryKind::kLinks};  ///< sent before anything of `stream`
  std::int64_t server_client_id = 0;         ///< what CLIENT ID answered; 0: unknown
  std::string refusal;  ///< kHandshaking: why the server does not let the user in, without CRLF
  std::uint64_t greet_at_ms = 0;  ///< … and when it is asked again; 0: it is being asked
  std::uint32_t greet_delay_ms = 0;
  std::uint64_t deadline_ms = 0;  ///< kConnecting, kHandshaking: give up then
  std::uint64_t last_used_ms = 0;
  std::uint64_t roomy_since_ms = 0;  ///< since when it has more memory than it needs; 0: it has not
  std::uint64_t owed_since_ms = 0;   ///< since when the server has owed answers without a word
  std::uint64_t doomed_sequence = 0;  ///< with doomed_at_ms: the end of what was in flight then
  std::uint64_t doomed_at_ms = 0;  ///< the topology says its server lost all slots in flight; 0: no
  std::vector<std::uint32_t> stalled;   ///< clients that wait for room in `stream`
  std::uint32_t paused_for = kNoIndex;  ///< not read: this client has to take its reply first
  std::uint64_t paused_at_ms = 0;
  std::uint64_t retired_at_ms = 0;
  std::uint32_t borrower = kNoIndex;       ///< kPrivate: the client
  PubSubUpstream* subscription = nullptr;  ///< kSubscription: whose it is
  BlockReplies block;                      ///< of the oldest unanswered request, if it is a block
  std::unique_ptr<LinkScripts> scripts;    ///< that its server has; nullptr: none were needed

  Link();
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return answered + in_flight.size(); }
  [[nodiscard]] bool usable() const noexcept { return state != LinkState::kClosed; }
};

}  // namespace slotgate
