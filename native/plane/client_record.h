#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slotgate {

/// A client as CLIENT LIST shows it. Times in milliseconds, memory in bytes.
struct ClientRecord {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
  std::int32_t fd = -1;
  std::string address;
  std::string local_address;
  std::string name;
  std::string library;
  std::string library_version;
  std::uint64_t age_ms = 0;
  std::uint64_t idle_ms = 0;
  std::uint16_t user = 0;          ///< whom it runs as upstream; see DatabaseSettings::users
  std::uint16_t presentation = 0;  ///< the number of what it is shown
  std::uint8_t protocol = 2;
  std::int32_t row = -1;  ///< its last command, as an index into the command table; -1: none
  std::uint64_t input_bytes = 0;
  std::uint64_t input_room = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t memory = 0;
  std::size_t channels = 0;
  std::size_t patterns = 0;
  std::size_t shard_channels = 0;
  bool unix_socket = false;
  bool reading = false;
  bool writing = false;
  bool no_evict = false;
  bool monitoring = false;
  bool blocked = false;      ///< waits for the end of a pause, or in a blocking command
  std::int32_t queued = -1;  ///< commands of its transaction; -1: it has none
  std::uint64_t queued_bytes = 0;
  bool watch_broken = false;  ///< keys that it watches may have changed
  bool closing = false;       ///< it is closed when its last reply is sent
};

/// Names a client for an order; a stale name is ignored.
struct ClientName {
  std::uint64_t id = 0;
  std::uint32_t index = 0;
};

/// Which clients a query is about, and whether they are told of or closed.
struct ClientQuery {
  std::uint32_t number = 0;  ///< names the query in its reports
  std::uint32_t database = 0;
  std::vector<std::uint64_t> ids;  ///< sorted; empty: all
  std::int32_t deleted_user = -1;  ///< clients of this user are closed, not told of; -1: nobody's
};

/// What a worker has to say to a query or an order that somebody waits for.
struct QueryReport {
  std::uint32_t number = 0;
  bool done = false;  ///< the worker's last report to it
  std::uint32_t count = 0;
  std::vector<ClientRecord> records;
};

}  // namespace slotgate
