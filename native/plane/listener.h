#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "plane/peer_rules.h"
#include "plane/watcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// One listening socket of a worker. The descriptor belongs to whoever opened it: it is never
/// closed here, so that it can be handed over to another process.
class Listener {
 public:
  /// Gives a new connection to the worker that should have it.
  using Place = std::function<void(int fd, Database& database, std::uint16_t presentation)>;

  Listener(WorkerContext& context, int fd, Database& database, Place place)
      : context_(context), place_(std::move(place)), database_(database), fd_(fd) {}

  /// Not empty; for connections that are accepted from now on.
  void set_rules(std::vector<PeerRule> rules) noexcept { rules_ = std::move(rules); }

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
  Place place_;
  std::vector<PeerRule> rules_{1};
  std::function<void()> closed_;
  Database& database_;
  int fd_;
  bool paused_ = false;
};

}  // namespace slotgate
