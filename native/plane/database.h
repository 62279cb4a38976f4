#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/command_table.h"
#include "core/slot_map.h"
#include "plane/limits.h"
#include "plane/link.h"
#include "plane/presentation.h"
#include "plane/route_snapshot.h"
#include "plane/script_store.h"
#include "plane/slot_queue.h"

namespace slotgate {

/// Whom requests run as upstream. Number 0 is the servers' default user without a password.
struct UpstreamUser {
  std::string name;
  std::string password;
  bool authenticates = false;
};

/// What the control plane sets for a database beside its routes.
struct DatabaseSettings {
  /// Users by number; clients begin as `client_user`.
  std::vector<UpstreamUser> users{1};
  std::uint16_t client_user = 0;
  bool client_must_authenticate = false;
  /// How long after the reply to a write of a client its reads of that slot go to the primary.
  std::uint32_t read_your_writes_ms = 0;
  /// Writes that may be repeated are, after a lost link: see WriteRetries.
  bool retry_writes = false;
  /// For the link's name at the servers: `slotgate:<node>:<worker>`.
  std::string node_name;
  PlaneLimits limits;
};

/// Whether a server is connected to: see Links::may_open.
enum class Circuit : std::uint8_t {
  kClosed,    ///< nothing has failed since it last answered, or there is a connection
  kOpen,      ///< the last attempt failed; the next one waits for its time, and for who needs it
  kHalfOpen,  ///< one attempt is on its way; all others wait for what comes of it
};

/// A server as one worker knows it. Lives as long as the worker: its number is stable.
struct Server {
  std::uint16_t index = 0;
  ServerEntry entry;
  bool listed = false;  ///< in the present snapshot: only then it is connected to
  /// Shared links of the client's default user, by protocol version.
  Link* shared[4] = {nullptr, nullptr, nullptr, nullptr};
  /// The same for reads from it as a replica.
  Link* readers[4] = {nullptr, nullptr, nullptr, nullptr};
  std::vector<std::unique_ptr<Link>> links;
  std::uint32_t backoff_ms = 0;
  std::uint64_t retry_at_ms = 0;
  Circuit circuit = Circuit::kClosed;  ///< as the control plane was told
  bool reads = false;  ///< reads may be sent to it, by the present snapshot; see Readers
  std::uint32_t reader_backoff_ms = 0;
  std::uint64_t reader_retry_at_ms = 0;
  std::uint64_t no_reads_until_ms = 0;  ///< it refused some
  std::size_t held_bytes = 0;
  /// Why the last attempt failed, or the server's own error; shown to clients whose wait ran out.
  std::string last_failure;
  /// Connections of ours that the server may still read from: killed first on the next link.
  std::vector<std::int64_t> abandoned_clients;

  /// Stands for it in Client::written.
  [[nodiscard]] std::uint64_t bit() const noexcept { return std::uint64_t{1} << (index % 64); }
};

/// Why no request of a database's clients may take the fast path, as bits of one byte.
enum Attention : std::uint8_t {
  kAttentionPaused = 1U << 0,     ///< see ClientPause
  kAttentionMonitored = 1U << 1,  ///< see Monitors
  kAttentionReaders = 1U << 2,    ///< see Readers
};

/// One sharded key space as one worker sees it.
struct Database {
  std::uint32_t id = 0;
  std::uint8_t attention = 0;
  bool paused_for_all = false;
  std::uint32_t slow_after_ms = UINT32_MAX;  ///< as in the settings, near at hand
  std::shared_ptr<const DatabaseSettings> settings;
  std::shared_ptr<const CommandTable> commands;
  std::shared_ptr<const RouteSnapshot> routes;
  Audiences audiences;
  /// Shared by all workers.
  std::shared_ptr<ScriptStore> scripts = std::make_shared<ScriptStore>();
  SlotMap slots;
  std::vector<std::unique_ptr<Server>> servers;
  std::unordered_map<std::uint16_t, SlotQueue> queues;
  /// Slots patched by a redirect, and when (uv_now): an older refresh does not undo them.
  std::unordered_map<std::uint16_t, std::uint64_t> overrides;
  /// As in the snapshot, by its numbers.
  std::vector<std::vector<Server*>> reader_sets;
  /// Slots that are read from their primaries until then: they may be on their way.
  std::unordered_map<std::uint16_t, std::uint64_t> not_at_replicas;
  std::size_t held_bytes = 0;
  std::uint64_t paused_until_ms = 0;

  [[nodiscard]] const PlaneLimits& limits() const noexcept { return settings->limits; }
};

}  // namespace slotgate
