#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "core/sha1.h"
#include "plane/refusal.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Keeps requests that cannot be sent now, follows redirects, repeats what was refused, and holds
/// the one promise all of this must not break: the requests of a client on a key are executed in
/// the order in which they were sent.
///
/// Every holder uses the one queue per slot. In the steady state there is no queue at all and a
/// slot's entry in the map is its owner; the map's slow bit says that there is one.
///
///   MOVED        the slot's owner changes; a fence lets the old owner answer what it still has;
///                what it sends back goes first, in its order, then what has arrived since
///   ASK          one client's requests go to the other server, ASKING in the same append
///   TRYAGAIN     the client's requests of the slot wait (parking), other clients' do not
///   CLUSTERDOWN… the slot waits; its first request is tried again, with growing delay
///   no link, no owner, unknown endpoint: the slot waits for the link, or for the next topology
///
/// A refused request is repeated only if no younger request of the client on one of its keys was
/// executed meanwhile; else the client gets the refusal: it is true, nothing was executed.
class Redirector {
 public:
  explicit Redirector(WorkerContext& context) noexcept : context_(context) {}

  /// True if a request of `client` may go to the owner of `slot` although its slow bit is set.
  [[nodiscard]] bool may_pass(const Client& client, std::uint16_t slot) const;
  /// Queues a request whose frame is its own; it cannot be sent now.
  void hold(std::uint32_t index);
  /// The same after its link was lost: it goes before what has arrived since.
  void hold_again(std::uint32_t index);

  /// An error reply of a request just taken off `link`, whose frame is still in the link's stream.
  /// True if the request was taken over; false: the error is its reply.
  bool refused(Link& link, std::uint32_t index, std::string_view line);
  /// A replica did not answer the read, whose frame is its own: it is sent to the owner now, or
  /// goes before what has arrived since.
  void read_from_owner(std::uint32_t index);
  /// A redirect of a request that is not to be repeated here: learns from it, and says which server
  /// it names; kUnassigned if the topology does not know that.
  [[nodiscard]] std::uint16_t redirect_target(Link& link, std::uint16_t slot,
                                              const Refusal& refusal);
  /// The control plane has looked for a script that `server` did not have; `loaded`: now it does,
  /// and what waits for it is repeated. Else the server had it, and the words were the script's
  /// own, or it cannot be loaded: they are passed on.
  void script_checked(Database& database, const Server& server, const Sha1Digest& digest,
                      bool loaded);
  /// A request marked kReqWatchOrder was executed, or may have been; its frame is still in the
  /// link's stream.
  void executed(Link& link, std::uint32_t index);

  /// A request marked kReqWatchOrder will not be answered: its link is lost. If its slot waited for
  /// this answer, it now waits for a link.
  void probe_lost(const Link& link, std::uint32_t index);

  /// The link takes no more requests: what a client sends from now on for a slot waits until what
  /// it has in flight there is answered. Other clients do not wait.
  void fence_all(Link& link);
  /// The link has answered something, and fences wait for it.
  void answered(Link& link);
  /// The link is lost, its requests were taken off: fences on it are reached.
  void link_gone(Link& link);

  /// Adopts a snapshot between two turns.
  void adopt(Database& database, std::shared_ptr<const RouteSnapshot> snapshot);

  /// Does what is due; when something will be due next: UINT64_MAX is never.
  void run_due();
  [[nodiscard]] std::uint64_t next_due_ms() const noexcept {
    return due_.empty() ? UINT64_MAX : due_.top().at_ms;
  }
  /// Answers what waited too long.
  void expire();
  /// True while anything waits.
  [[nodiscard]] bool holding() const noexcept;

  /// The client will not wait: what is held for it is answered at once with the reason for the
  /// wait.
  void answer_held_of(Client& client);
  /// The request's client is gone: its bytes are, too. The queue drops it when it comes to it.
  void forget(std::uint32_t index);

 private:
  struct Due {
    std::uint64_t at_ms;
    Database* database;
    std::uint16_t slot;
    bool operator>(const Due& other) const noexcept { return at_ms > other.at_ms; }
  };

  Database& database_of(const Request& request) noexcept;
  SlotQueue& queue_for(Database& database, std::uint16_t slot);
  static Parking* parking_of(SlotQueue& queue, std::uint32_t client) noexcept;
  /// A new one. What the client has in the queue joins it, so that all of it leaves in one order.
  Parking& begin_parking(SlotQueue& queue, std::uint32_t client);
  void schedule(Database& database, std::uint16_t slot, std::uint64_t at_ms);

  // Holding.
  void pass_on_parked(const Client& client);
  void await_owner(Database& database, SlotQueue& queue);
  void await_link(Database& database, std::uint16_t slot);
  void wait_in(Database& database, SlotQueue& queue, std::uint32_t index, bool first);
  void insert_by_age(std::deque<std::uint32_t>& waiting, std::uint32_t index);
  void reschedule_parkings(Database& database, std::uint16_t slot);
  void probe_refused(Database& database, std::uint32_t index);
  bool within_budget(Database& database, std::uint16_t slot, std::uint32_t index);
  /// Its bytes count as held from now on, if they did not: kHeld or kParked.
  void charge(Database& database, std::uint32_t index, RequestState state);
  void discharge(std::uint32_t index);
  void give_up(std::uint32_t index, const SlotQueue* queue);
  std::string reason_text(Database& database, const SlotQueue* queue, std::uint16_t slot) const;
  /// Where the oldest request is that waits for the slot alone, at the front; nullptr: there is
  /// none. Those before it of clients that left are dropped.
  std::deque<std::uint32_t>* oldest_of(SlotQueue& queue);
  void open(Database& database, SlotQueue& queue);
  bool resend(Database& database, std::uint32_t index);
  /// nullptr if there is no link now.
  Link* send_asking(Database& database, std::uint32_t index, std::uint16_t server);
  void probe(Database& database, SlotQueue& queue);
  void settle(Database& database, std::uint16_t slot);
  void run_queue(Database& database, std::uint16_t slot);
  void expire_queue(Database& database, SlotQueue& queue);
  static bool fences_reached(SlotQueue& queue) noexcept;

  // Refusals.
  bool moved(Link& link, std::uint32_t index, const Refusal& refusal, std::string_view line);
  void patch(Database& database, std::uint16_t slot, const Link& link, std::uint16_t target);
  bool asked(Link& link, std::uint32_t index, const Refusal& refusal, std::string_view line);
  void park(Link& link, std::uint32_t index, RepeatHow how, std::uint16_t ask_server,
            std::string_view line);
  bool script_missing(Link& link, std::uint32_t index, std::string_view line);
  void back_off(Link& link, std::uint32_t index, std::string_view line);
  void add_refused(Parking& parking, Parking::Refused refused);
  /// True if it waits for a script for a while yet.
  bool waits_for_script(Database& database, std::uint16_t slot, Parking& parking,
                        const Parking::Refused& refused);
  /// The parking's fence is reached and its time has come: its next step.
  void advance_parking(Database& database, std::uint16_t slot, std::uint32_t client);
  void end_parking(Database& database, SlotQueue& queue, std::uint32_t client);
  /// Sends a parked request; the link it went to, or nullptr: it cannot be sent now.
  Link* repeat(Database& database, const Parking::Refused& refused);
  /// The slot of the request at `place` of the link's ring waits until that is answered.
  void fence(Database& database, Link& link, std::uint32_t place);
  /// The slot leaves the server: it waits until that has answered what it has of it, over whichever
  /// link. Clients of another protocol or user have links of their own.
  void fence_former_owner(Database& database, const Server& former, std::uint16_t slot);
  /// What becomes of the unanswered requests of a link with the snapshot that was just adopted:
  /// `changed` slots have another owner; whether its server owned any before, and does now.
  void look_after(Database& database, Link& link, const std::vector<bool>& changed,
                  bool owned_slots, bool owns_slots);
  void own_frame(Link& link, std::uint32_t index);
  LinkFence fence_behind(Link& link, std::uint16_t slot, std::uint32_t client);
  std::uint16_t find_server(const Database& database, const Link& link,
                            std::string_view endpoint) const;
  bool share_a_key(Database& database, const Request& a, Bytes frame_a, const Request& b,
                   Bytes frame_b);
  void note(PlaneEvent::Kind kind, const Database& database, std::uint16_t slot,
            std::string_view text, bool known, const Server* server);

  WorkerContext& context_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::size_t held_ = 0;
};

}  // namespace slotgate
