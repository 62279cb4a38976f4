#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plane/dispatcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// MULTI … EXEC. Commands are gathered here and told +QUEUED; EXEC sends all of them as one block,
/// which is one request with many replies: nothing is executed before the last byte is there, so a
/// block that was redirected or refused is repeated whole, as any other request. A transaction
/// occupies no connection, however long it stays open.
///
/// WATCH is an errand on a private link, which the client keeps; then the block goes over that
/// link. If the link is lost or the slot moves, EXEC answers nil, as if a watched key had changed.
class Transactions {
 public:
  explicit Transactions(WorkerContext& context) noexcept : context_(context) {}

  Dispatched begin(Client& client, const Command& command);
  Dispatched execute(Client& client, const Command& command);
  /// EXEC itself is wrong: a server ends the transaction, if there is one, and says so.
  Dispatched abort(Client& client, const Command& command, const std::string& why);
  Dispatched discard(Client& client, const Command& command);
  Dispatched unwatch(Client& client, const Command& command);
  /// A command of a client with an open transaction.
  Dispatched queue(Client& client, const Command& command, Bytes frame,
                   const std::vector<Arg>& args);
  /// A command was refused before it could be queued: EXEC will be, too.
  static void fail(Client& client) noexcept {
    if (client.session && client.session->transaction) client.session->transaction->failed = true;
  }

  /// The client's errand made its lease watch keys of `slot`.
  void watch(Client& client, std::uint16_t slot);
  /// Ends transaction and watch without a word.
  void forget(Client& client);

  /// EXEC was answered; `reply` lies in this turn's chunks.
  void deliver_exec(Link& link, std::uint32_t index, const BlockReplies& block,
                    std::string_view reply);
  /// The server refused EXEC with `why`. True if keys were watched there: answered with nil.
  bool watch_refused(std::uint32_t index, std::string_view why);
  /// The link of a watched EXEC is lost. True if it was answered with nil.
  bool exec_lost(std::uint32_t index, bool written);

 private:
  Dispatched send_block(Client& client, const Command& command);
  Dispatched send_watched(Client& client, const Command& command);
  void prepare_scripts(Link& link, const Transaction& transaction);
  Dispatched answer(Client& client, const Command& command, std::string_view reply);
  Dispatched refuse(Client& client, const Command& command, std::string_view reply);
  void end_watch(Client& client);
  /// Gives a link on which keys are watched back.
  void unwatch_link(Client& client, Link& link);
  /// The watched EXEC is over: what waited behind it goes on.
  void exec_over(Client& client);
  [[nodiscard]] bool is_watched_exec(std::uint32_t index);
  static std::string null_reply(const Client& client);

  WorkerContext& context_;
  KeyPositions keys_;
};

}  // namespace slotgate
