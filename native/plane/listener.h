#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "plane/peer_rules.h"
#include "plane/watcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// One listening socket of a worker. The descriptor belongs to whoever opened it: it is never
/// closed here, so that it can be handed over to another process.
class Listener {
 public:
  /// Takes over a new connection.
  using Take = std::function<void(int fd, Database& database, const sockaddr_storage& peer,
                                  const std::shared_ptr<const ListenerRules>& rules)>;

  Listener(WorkerContext& context, int fd, Database& database, Take take)
      : context_(context), take_(std::move(take)), database_(database), fd_(fd) {}

  /// For connections that are accepted from now on.
  void set_rules(std::shared_ptr<const ListenerRules> rules) noexcept { rules_ = std::move(rules); }

  [[nodiscard]] bool open();
  /// Accepts clients that are connected already, up to a number: who closes the socket resets them.
  void accept_some(std::uint32_t most);
  /// Stops accepting; `closed` is called when the object may go.
  void close(std::function<void()> closed);
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool closing() const noexcept { return !watcher_.is_open(); }
  /// Accepts again after the process ran out of descriptors. Called once in a while.
  void resume();

 private:
  bool accept_one();

  WorkerContext& context_;
  Watcher watcher_;
  Take take_;
  std::shared_ptr<const ListenerRules> rules_;
  std::function<void()> closed_;
  Database& database_;
  int fd_;
  bool paused_ = false;
};

}  // namespace slotgate
