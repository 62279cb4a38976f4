#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/router.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Reads from replicas. The control plane says which servers may be read from for a slot; here it
/// is decided for each request, and the primary has the last word:
///
///   - what a replica refuses, or does not show to exist, is asked for at the primary; so is what
///   was
///     in flight when a replica was lost, or says nothing for too long. Nobody is told, nothing
///     waits, and no slot changes its owner
///   - a client's read goes to the primary while a write of the client to the slot is unanswered,
///   and
///     for readYourWritesMs after the answer
///   - a client's write waits until its older reads of the slot are answered: no read sees it
///   - reads of slots that may be on their way to another primary go to the primary
class Readers {
 public:
  explicit Readers(WorkerContext& context) noexcept : context_(context) {}

  /// Takes over the sets of a snapshot; `numbers` are the worker's of the snapshot's servers.
  void adopt(Database& database, const RouteSnapshot& snapshot,
             const std::vector<std::uint16_t>& numbers);
  /// A redirect says that a slot may be on its way.
  void slot_is_open(Database& database, std::uint16_t slot);

  /// The link for a read of one slot, or nullptr: the primary's. note_read() if it is used.
  [[nodiscard]] Link* link_for(Client& client, std::uint16_t slot);
  /// The same for a read that is divided: a link for each part, or false, and all parts go to
  /// primaries.
  [[nodiscard]] bool links_for(Client& client, const Command& command, const SplitPlan& plan,
                               std::vector<Link*>& links);
  void note_read(Client& client, std::uint16_t slot, std::uint32_t arrival);
  /// The client's youngest request was started: remembered if it may write.
  void note_started(Client& client, const Command& command);
  /// The same for one that arrives piece by piece.
  static void note_streamed(Client& client, const Request& request);
  /// True if a request of `client` has to wait for older reads: it is draining now.
  [[nodiscard]] bool must_wait(Client& client, std::uint16_t slot, std::uint16_t flags);

  /// The reply to `index`, which was just taken off the link of a replica; `forwarded`: its client
  /// has had the beginning of it. False if the link was lost by it.
  bool answered(Link& link, std::uint32_t index, std::string_view reply, bool forwarded);
  /// True if a reply with this beginning will not be asked for again.
  [[nodiscard]] bool is_settled(const Link& link, std::uint32_t index,
                                std::string_view beginning) const;
  /// The link of a replica is lost; `index` was just taken off it.
  void lost(const Link& link, std::uint32_t index);

  /// Upkeep once in a while.
  void tick();
  /// True while tick() is needed soon.
  [[nodiscard]] bool hurried() const noexcept { return owed_; }

 private:
  /// Over which the client reads from `replica`; nullptr as Links::reader_link().
  [[nodiscard]] Link* link_to(const Client& client, Server& replica);
  [[nodiscard]] bool may_read(Client& client) const;
  [[nodiscard]] bool is_usable(const Link& link) const;
  [[nodiscard]] bool is_unanswered(const Request& request, std::uint16_t slot, bool any) const;
  [[nodiscard]] bool is_good(const Link& link, const Request& request,
                             std::string_view reply) const;
  void learn(const Link& link, const Request& request, std::string_view line);
  void tell(const Link& link, std::uint16_t slot, std::string_view line);
  void repeat(const Link& link, std::uint32_t index);
  void switch_on(Database& database);
  void switch_off(Database& database);
  static ReadMemory& memory_of(Client& client);

  WorkerContext& context_;
  bool owed_ = false;  ///< replicas may owe answers
};

}  // namespace slotgate
