#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fuzz/invariant.h"
#include "plane/worker_parts.h"
#include "test/wire.h"

namespace slotgate::fuzz {

/// The parts of a worker without its thread: a turn is a call, and the clock is the caller's. The
/// steps of a turn are those of Worker, in its order.
class PlaneRig {
 public:
  PlaneRig(std::shared_ptr<const DatabaseSettings> settings,
           std::shared_ptr<const CommandTable> commands)
      : parts_(0, counters_, census_, addresses_, memory_ledger_), context_(parts_.context) {
    uv_loop_init(&context_.loop);
    context_.now_ms = 1000000;
    auto database = std::make_unique<Database>();
    database->settings = std::move(settings);
    database->commands = std::move(commands);
    context_.databases.push_back(std::move(database));
  }

  [[nodiscard]] Database& database() noexcept { return *context_.databases[0]; }
  [[nodiscard]] WorkerContext& context() noexcept { return context_; }
  [[nodiscard]] Redirector& redirector() noexcept { return parts_.redirector; }
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }

  void adopt(int fd) { parts_.clients.adopt({fd, 0, std::nullopt}, database(), 0); }
  void pass_time(std::uint64_t milliseconds) { context_.now_ms += milliseconds; }

  /// Whom errands are sent to.
  void set_nodes(std::vector<std::string> nodes) { nodes_ = std::move(nodes); }
  /// Somebody wants to know where the clients wait whose commands are up.
  void locate_all() {
    for (const auto& [ticket, asked] : pending_)
      parts_.errands.locate(0, asked.client_index, asked.client_id);
  }
  /// Errands whose result has not come up.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
  /// Private links that somebody has.
  [[nodiscard]] std::size_t lent_links() {
    std::size_t lent = 0;
    for (const auto& server : database().servers) {
      for (const auto& link : server->links) {
        if (link->usable() && link->kind == LinkKind::kPrivate && link->borrower != kNoIndex)
          ++lent;
      }
    }
    return lent;
  }

  /// One turn; control commands are answered at its end, or become errands and are answered with
  /// what comes of them, as TypeScript does.
  void turn() {
    uv_run(&context_.loop, UV_RUN_NOWAIT);
    if (context_.now_ms >= next_tick_ms_) {
      parts_.tick();
      next_tick_ms_ = context_.now_ms + 100;
    }
    (void)parts_.finish_turn();  // there is always another turn
    const UpBatch up = std::move(context_.up);
    context_.up = UpBatch();
    for (const ControlRequest& asked : up.controls) begin(asked);
    for (const ErrandResult& result : up.errands) end_errand(result);
  }

  /// Closes everything; true if the loop was left without a handle.
  [[nodiscard]] bool end() {
    parts_.clients.close_all();
    parts_.links.close_all();
    while (uv_run(&context_.loop, UV_RUN_NOWAIT) != 0) {
    }
    return uv_loop_close(&context_.loop) == 0;
  }

 private:
  void begin(const ControlRequest& asked) {
    const std::string& name = asked.args.at(0);
    const bool watches = name == "watch";
    if ((watches && asked.in_transaction) || asked.row < 0) {
      ControlAnswer answer;
      answer.reply = "-ERR no\r\n";
      parts_.control.answer(asked.client_index, asked.client_id, answer);
      return;
    }
    ErrandOrder order;
    order.ticket = ++last_ticket_;
    order.client_id = asked.client_id;
    order.client_index = asked.client_index;
    order.frame = test::multibulk(asked.args);
    order.lease = watches || name == "blpop";
    order.keep = watches;
    order.blocks = name == "blpop";
    order.nodes = nodes_;
    if (order.lease) order.nodes = {nodes_[static_cast<std::size_t>(asked.slot) % nodes_.size()]};
    pending_.emplace(order.ticket, asked);
    parts_.errands.run(std::move(order));
  }
  void end_errand(const ErrandResult& result) {
    if (result.ticket == 0) return;  // where somebody waits
    const auto found = pending_.find(result.ticket);
    require(found != pending_.end(), "an errand ends once");
    const ControlRequest asked = found->second;
    pending_.erase(found);
    ControlAnswer answer;
    answer.reply = "+control\r\n";
    for (const ErrandOutcome& outcome : result.outcomes) {
      require(outcome.kind != ErrandOutcome::Kind::kPending, "an errand has an outcome");
      const bool watches = asked.args.at(0) == "watch" && outcome.text.starts_with('+');
      if (watches) answer.watch_slot = asked.slot;
    }
    parts_.control.answer(asked.client_index, asked.client_id, answer);
  }

  WorkerCounters counters_;
  PubSubCensus census_;
  AddressBook addresses_;
  MemoryLedger memory_ledger_{1};
  WorkerParts parts_;
  WorkerContext& context_;
  std::vector<std::string> nodes_;
  std::unordered_map<std::uint64_t, ControlRequest> pending_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t next_tick_ms_ = 0;
};

}  // namespace slotgate::fuzz
