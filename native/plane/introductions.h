#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/proxy_header.h"
#include "plane/arrival.h"
#include "plane/peer_rules.h"
#include "plane/watcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Connections from trusted senders of the PROXY protocol, until their header has said whose they
/// are. Nothing behind the header is taken from the socket.
class Introductions {
 public:
  /// What becomes of a connection when its header has been read.
  using Place = std::function<void(const Arrival& arrival, const std::optional<IpAddress>& ip,
                                   Database& database)>;

  explicit Introductions(WorkerContext& context) noexcept : context_(context) {}

  /// Once, before anything else.
  void open(Place place) { place_ = std::move(place); }
  void begin(int fd, Database& database, std::shared_ptr<const ListenerRules> rules);
  /// Those that may become clients of these presentations.
  [[nodiscard]] std::uint32_t count(const Database& database,
                                    const std::vector<std::uint16_t>& presentations) const;
  /// Ends those that are late. Called once in a while.
  void tick();
  void close_all();
  [[nodiscard]] bool idle() const noexcept { return pending_.empty(); }

 private:
  struct Pending {
    Watcher watcher;
    Introductions* owner = nullptr;
    Database* database = nullptr;
    std::shared_ptr<const ListenerRules> rules;
    ProxyHeaderReader header;
    int fd = -1;  ///< -1: it is over
    std::uint64_t since_ms = 0;
  };

  static void on_ready(void* owner, Readiness readiness);
  static void on_closed(void* owner);
  void read(Pending& pending);
  void finish(Pending& pending);
  /// Closes the connection and tells of it.
  void refuse(Pending& pending, const std::string& reason);
  void close(Pending& pending);
  /// Takes the socket out of it; the caller has it then.
  int release(Pending& pending);

  WorkerContext& context_;
  Place place_;
  std::vector<std::unique_ptr<Pending>> pending_;
  std::uint64_t told_at_ms_ = 0;
};

}  // namespace slotgate
