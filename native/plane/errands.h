#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "plane/up_queue.h"
#include "plane/worker_context.h"

namespace slotgate {

/// "Send this to these servers as that client": one command of the control plane for a client that
/// waits for its answer to a control command.
struct ErrandOrder {
  std::uint64_t ticket = 0;  ///< names the errand in its result
  std::uint64_t client_id = 0;
  std::uint32_t client_index = 0;
  std::string frame;               ///< one request in canonical form
  std::vector<std::string> nodes;  ///< node ids; one outcome each, in this order
  bool lease = false;   ///< over the client's private links, which are given back afterwards
  bool keep = false;    ///< … or kept
  bool asking = false;  ///< behind ASKING
  bool blocks = false;  ///< may wait at the server: ends at once when the client leaves
  bool writes = false;  ///< goes over the client's own links, if its requests go over such
  /// With lease: the server may be busy with a script, and this is to end it.
  bool to_busy = false;
  std::uint64_t reply_bytes_max = 0;  ///< larger replies are not collected; 0: any size
};

/// Carries out errands: the client's own user and protocol, so that the servers' rules hold for it.
/// Their replies go up, raw; redirects and refusals are the control plane's business.
class Errands {
 public:
  explicit Errands(WorkerContext& context) noexcept : context_(context) {}

  /// The result goes up in any case, at once if the client is gone.
  void run(ErrandOrder order);
  /// Where the client's blocking errand waits: goes up as the result of `ticket`, one outcome for
  /// each server that has not answered: a reply "<node id> <id of the link there>", or kNotSent
  /// (and the errand ends there: it never was sent). kGone alone: it does not wait.
  void locate(std::uint64_t ticket, std::uint32_t client_index, std::uint64_t client_id);

  /// A reply to the errand's request `index`, just taken off its link.
  void reply(std::uint32_t index, const std::uint8_t* data, std::size_t size);
  /// Whether nobody wants the reply to the errand's request `index`, of which `size` bytes are
  /// there: the client is gone, or it is too large. Then its bytes need not be kept.
  bool unwanted(std::uint32_t index, std::size_t size);
  /// The link of the errand's request `index` is lost; `written`: the server may have executed it.
  void link_lost(const Link& link, std::uint32_t index, bool written);
  /// The client is gone: results go up, late replies are dropped.
  void client_gone(Client& client);
  /// A private link is free again, or closed: somebody may wait for one.
  void link_returned() noexcept { retry_at_ms_ = waiting_.empty() ? UINT64_MAX : 0; }

  /// Tries again what waits for a link.
  void retry();
  [[nodiscard]] std::uint64_t next_due_ms() const noexcept { return retry_at_ms_; }

 private:
  struct Errand {
    ErrandOrder order;
    std::vector<std::uint32_t> requests;  ///< kNoIndex: not sent, or done
    std::vector<ErrandOutcome> outcomes;  ///< kPending until known
    std::size_t remaining = 0;
    std::uint64_t began_ms = 0;
  };

  /// False if a part of it waits for a link.
  bool send_parts(std::uint32_t number);
  /// False if it must wait.
  bool send_part(std::uint32_t number, Errand& errand, std::size_t part, Client& client);
  [[nodiscard]] static bool takes_private_link(const Client& client, const ErrandOrder& order);
  /// As Links::link_for(), but never one of its own.
  [[nodiscard]] Link* shared_link(Client& client, Server& server);
  Link* lease(Client& client, Server& server);
  void settle(std::uint32_t number, std::size_t part, ErrandOutcome outcome);
  void finish(std::uint32_t number);
  void give_links_back(Client& client, const ErrandOrder& order);
  std::vector<ErrandOutcome> locate_blocked(Client& client, std::uint32_t number);
  ErrandOutcome locate_part(Client& client, std::uint32_t number, std::size_t part);
  ErrandOutcome why_not(Client& client, const Errand& errand, std::size_t part) const;
  [[nodiscard]] static Server* find_server(Client& client, const std::string& node_id);

  WorkerContext& context_;
  std::unordered_map<std::uint32_t, Errand> errands_;
  std::deque<std::uint32_t> waiting_;     ///< by age
  std::vector<const Server*> exhausted_;  ///< no private link could be had in this round
  std::uint32_t next_number_ = 0;
  std::uint64_t retry_at_ms_ = UINT64_MAX;
};

}  // namespace slotgate
