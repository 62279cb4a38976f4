#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "plane/worker_context.h"

namespace slotgate {

/// The upstream connections of one worker: opened on first use, shaken hands with before any
/// traffic, pipelined, and given up only on evidence.
class Links {
 public:
  explicit Links(WorkerContext& context) noexcept : context_(context) {}

  /// The shared link to `server` for a user and protocol; opened if need be (requests may be queued
  /// on it at once). nullptr while the server is not listed, or a failed attempt is not over yet.
  [[nodiscard]] Link* shared_link(Database& database, Server& server, std::uint16_t user,
                                  std::uint8_t protocol) {
    if (user == database.settings->client_user && server.shared[protocol] != nullptr) {
      return server.shared[protocol];
    }
    return find_or_open(database, server, user, protocol);
  }

  /// The shared link in another lane than the usual one; opened if need be. nullptr as
  /// shared_link(). Unless `before` is 0, only of links with a lower number.
  [[nodiscard]] Link* lane_link(Database& database, Server& server, std::uint16_t user,
                                std::uint8_t protocol, Lane lane, std::uint64_t before);
  /// Number of the youngest link.
  [[nodiscard]] std::uint64_t opened_so_far() const noexcept { return opened_; }

  /// The link for requests of `client`: shared, or its own.
  [[nodiscard]] Link* link_for(Client& client, Server& server) {
    if ((client.special & (kSpecialSession | kSpecialLane)) != 0) return other_link(client, server);
    return shared_link(*client.database, server, client.user, client.protocol);
  }

  /// The shared link that link_for() would give now; nullptr: it would have to be opened.
  [[nodiscard]] static Link* present_link(const Client& client, Server& server);

  /// The link for reads from a replica; nullptr while there is none that is ready. Then one is
  /// opened, if that may be.
  [[nodiscard]] Link* reader_link(Database& database, Server& server, std::uint16_t user,
                                  std::uint8_t protocol, Lane lane);

  /// Appends the request's frame to the link; it is in flight now.
  void send(Link& link, std::uint32_t index, Bytes frame) {
    std::memcpy(begin_send(link, index, frame.size), frame.data, frame.size);
    end_send(link, frame.size);
  }
  /// The same for a frame that is still to be written: `size` bytes of room.
  [[nodiscard]] std::uint8_t* begin_send(Link& link, std::uint32_t index, std::size_t size) {
    Request& request = context_.requests[index];
    request.offset = link.stream.end();
    request.length = static_cast<std::uint32_t>(size);
    request.state = RequestState::kInFlight;
    if ((request.flags & kReqReadonly) == 0 && request.client != kNoIndex)
      context_.clients[request.client].written |= link.server->bit();
    if (link.in_flight.empty()) link.owed_since_ms = context_.now_ms;
    link.in_flight.push_back(index);
    return link.stream.prepare(size);
  }
  void end_send(Link& link, std::size_t size) {
    link.stream.commit(size);
    if (link.dirty) return;
    link.dirty = true;
    dirty_.push_back(&link);
  }
  /// A private link to `server`: an idle one, or a new one. nullptr as shared_link(), and while all
  /// that there may be are lent.
  [[nodiscard]] Link* borrow(Database& database, Server& server, std::uint16_t user,
                             std::uint8_t protocol);
  /// A new link for subscriptions; nullptr as shared_link(). What is sent on it is not kept.
  [[nodiscard]] Link* open_subscription(Database& database, Server& server, std::uint16_t user);
  /// The borrower is done with it and everything is answered: kept for a while, or by the borrower
  /// if it is leased.
  void give_back(Link& link);
  /// The borrower is done with it, and `index` will not be answered: closed.
  void abandon(Link& link, std::uint32_t index);
  /// `index` is in flight; its bytes follow through send_more() and are not kept.
  void begin_stream(Link& link, std::uint32_t index);
  void send_more(Link& link, Bytes bytes) {
    std::memcpy(link.stream.prepare(bytes.size), bytes.data, bytes.size);
    end_send(link, bytes.size);
  }
  /// A request of our own, whose reply is swallowed.
  void send_internal(Link& link, std::string_view frame);
  /// How many links to `server` are private, lent or not.
  [[nodiscard]] static std::size_t private_links(const Server& server);

  /// Writes what was appended: one system call per link.
  void flush();
  /// The same at the end of a turn, but a link whose server has work to do anyway may wait for the
  /// requests of the next few polls, so that they share a system call here and there. True if one
  /// waits: the next poll must not block.
  [[nodiscard]] bool flush_patiently();

  /// The client that `link` waited for has taken its reply, or is gone.
  void read_on(Link& link);
  /// Unsent output of `client` from which on its link is paused.
  [[nodiscard]] static std::size_t pause_at(const Client& client);

  /// Forgets what has gathered of replies that nobody waits for any more.
  void drop_unwanted();

  /// Once in a while: time-outs of connecting links, pings on idle ones, doomed ones, lost memory.
  void tick();
  /// The link is given up: what can be repeated is queued, the rest is answered. Never fails.
  void lose(Link& link, std::string reason, LinkEnd end = LinkEnd::kServerEnded);
  void close_all();
  [[nodiscard]] bool idle() const noexcept { return open_ == 0; }
  /// True while tick() is needed soon: a link connects, or is to be tried again.
  [[nodiscard]] bool hurried() const noexcept { return connecting_ != 0; }

 private:
  static void on_ready(void* owner, Readiness readiness);
  static void on_closed(void* owner);

  Link* other_link(Client& client, Server& server);
  [[nodiscard]] static Link* find(Server& server, LinkKind kind, Lane lane, std::uint16_t user,
                                  std::uint8_t protocol);
  Link* find_or_open(Database& database, Server& server, std::uint16_t user, std::uint8_t protocol);
  Link* open(Database& database, Server& server, LinkKind kind, std::uint16_t user,
             std::uint8_t protocol, Lane lane = Lane::kUsual);
  [[nodiscard]] bool may_open(Database& database, Server& server, LinkKind kind);
  /// Closes a private link that is lent to nobody, for others that need the room; false: there is
  /// none.
  bool close_resting(Server& server);
  [[nodiscard]] static bool rests(const Link& link) noexcept {
    return link.kind == LinkKind::kPrivate && link.borrower == kNoIndex;
  }
  void detach(Link& link);
  void connected(Link& link);
  /// Says who we are, from the first step.
  void greet(Link& link);
  /// The server does not let the link's user in. What is queued waits with the link, and nobody
  /// else does: whether others may connect does not depend on it.
  void refuse_user(Link& link, std::string text);
  /// Answers a request of a link that was denied.
  void deny(Link& link, std::uint32_t index);
  /// What a link for reads says beside that; how many replies there will be.
  static std::uint8_t greet_reader(Link& link);
  /// Why the reply to one of these steps means that the link is of no use; empty: it does not.
  [[nodiscard]] static std::string reader_problem(std::uint8_t step, std::string_view reply);
  void write_handshake(Link& link);
  /// One reply of the handshake; false if the link was lost by it.
  bool handshake_reply(Link& link, std::string_view reply);
  void ready(Link& link);
  void write(Link& link);
  /// One recv. False if there was nothing to read, or the link is lost.
  bool read(Link& link);
  void lose_after_reading(Link& link, int error);
  [[nodiscard]] static LinkEnd end_by(int error) noexcept;
  /// Frames what was read; the bytes of an incomplete reply are kept.
  void take_replies(Link& link, const std::uint8_t* data, std::size_t size);
  /// The same for a reply that is too large for a chunk and gathers in link.partial.
  void take_large(Link& link);
  /// Looks at a reply to the block at the front of the ring. True if it was the last.
  bool block_is_complete(Link& link, std::string_view reply);
  /// The last reply to a block. False if the link was lost by it.
  bool take_block(Link& link, std::uint32_t index, const std::uint8_t* data, std::size_t size);
  /// One complete reply; false if the link was lost by it.
  bool take_reply(Link& link, const std::uint8_t* data, std::size_t size);
  /// An answer to half a request: the server refuses to read the rest, and will close.
  void take_early(Link& link, std::uint32_t index, std::string_view reply);
  void deliver_slowly(Link& link, std::uint32_t index, const std::uint8_t* data, std::size_t size);
  void keep_incomplete(Link& link, const std::uint8_t* data, std::size_t size);
  /// Forwards what is framed of a large reply, if its client waits for nothing older.
  void forward_head(Link& link, ByteBuffer& bytes);
  /// `client` has much of a large reply unread. The link is retired: new requests take a new link,
  /// and only a client with requests on this one waits for their answers before it sends more for
  /// their slots. If no other client waits for answers on the link, it is not read until `client`
  /// has taken what it has. Else it is read on while memory lasts; when it is short, the others
  /// wait for kOthersWaitMs, and then `client` is closed.
  void wait_for(Link& link, Client& client);
  /// True if clients that read wait for answers behind the one to `client` that is being read.
  [[nodiscard]] bool others_wait(Link& link, const Client& client);
  /// Stops reading `link` until `client` has taken what it has of a large reply.
  void pause(Link& link, Client& client);
  void retire(Link& link);
  void after_replies(Link& link);
  void requeue_or_fail(Link& link, LinkEnd end);
  void note_failure(Server& server, LinkKind kind, const std::string& reason);
  /// True while a connection to `server` is being made.
  [[nodiscard]] static bool is_tried(const Server& server) noexcept;
  /// Tells the control plane if the state of the server's circuit is another one.
  void tell_circuit(const Database& database, Server& server);
  /// No new request finds the link.
  static void hide(Link& link);
  void shrink(Link& link);
  void tick_paused(Link& link, Client& client);
  void tick_link(Link& link);
  void report(const Link& link, PlaneEvent::Kind kind, std::string_view text);

  WorkerContext& context_;
  std::vector<Link*> dirty_;
  std::vector<Link*> flushing_;
  std::size_t open_ = 0;
  std::uint64_t opened_ = 0;
  std::size_t connecting_ = 0;
  bool stopping_ = false;
};

}  // namespace slotgate
