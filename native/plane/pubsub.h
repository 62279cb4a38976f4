#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plane/dispatcher.h"
#include "plane/pubsub_census.h"
#include "plane/pubsub_hub.h"
#include "plane/subscriptions.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Channels and patterns are at home at the owner of this slot, and every PUBLISH goes there, so
/// that one client's messages stay in order.
inline constexpr std::uint16_t kPubSubHomeSlot = 0;

/// Pub/sub of one worker: clients subscribe to topics of hubs, hubs subscribe at servers, messages
/// are handed out here. There is a hub per database and upstream user; see PubSubHub.
class PubSub {
 public:
  PubSub(WorkerContext& context, PubSubCensus& census) noexcept
      : context_(context), census_(census) {}

  /// A command whose row says RouteBy::kPubSub.
  Dispatched dispatch(Client& client, const Command& command, Bytes frame,
                      const std::vector<Arg>& args);
  /// Ends all subscriptions of the client without a word: it is reset, or gone.
  void forget(Client& client);
  /// Ends its subscriptions to shard channels of slots that are another proxy's, and tells it; an
  /// SSUBSCRIBE that waits for one is answered with MOVED. Returns how many entries of lists of
  /// channels and subscribers were looked at.
  std::size_t leave_elsewhere(Client& client);
  /// The reply to a publish request (kReqReceivers): the server's count of receivers with our links
  /// taken out and our clients put in. What is no count stays as it is. `frame` is the request's.
  [[nodiscard]] std::string corrected(const Link& link, const Request& request, Bytes frame,
                                      std::string_view reply) const;

  // For hubs.
  /// A message for the subscribers of `topic`; `frame` is the server's push.
  void deliver(PubSubTopic& topic, std::string_view frame);
  /// A topic that the client waits for is confirmed.
  void topic_live(std::uint32_t client);
  /// The servers refuse the topic for good to those who wait with this ticket or an older one;
  /// `line` is their error. If the topic is `lost` for all, those who have it are closed, as a
  /// server does when rights are taken away.
  void topic_refused(PubSubTopic& topic, std::uint64_t ticket, std::string_view line, bool lost);

  // For whoever changes slots, and for the worker's turn.
  void slots_changed(const Database& database) noexcept;
  /// Brings the upstream subscriptions up to date. Before links are flushed.
  void run();
  /// Once in a while.
  void tick();
  /// True while tick() is needed soon.
  [[nodiscard]] bool hurried() const noexcept;

 private:
  struct Awaiting {
    std::uint32_t client;
    std::uint64_t client_id;
  };

  Dispatched subscribe(Client& client, const Command& command, Bytes frame,
                       const std::vector<Arg>& args);
  Dispatched unsubscribe(Client& client, const Command& command, Bytes frame,
                         const std::vector<Arg>& args);
  Dispatched publish(Client& client, const Command& command, Bytes frame,
                     const std::vector<Arg>& args);
  PubSubHub& hub_of(Client& client);
  PendingSubscription& gather(Client& client, const Command& command, Bytes frame,
                              const std::vector<Arg>& args);
  void finish(Client& client);
  void fail(Client& client, std::string_view line);
  /// Delivers confirmations: they are pushes, which CLIENT REPLY does not silence.
  void confirm(std::uint32_t request, std::string_view reply);
  void drop_pending(Client& client);
  void fail_if_elsewhere(Client& client);
  /// Ends one subscription.
  void leave(Client& client, PubSubTopic& topic);
  void expire();

  WorkerContext& context_;
  PubSubCensus& census_;
  std::vector<std::unique_ptr<PubSubHub>> hubs_;
  std::vector<Awaiting> awaiting_;
  std::vector<std::uint32_t> receivers_;  ///< scratch of deliver()
};

}  // namespace slotgate
