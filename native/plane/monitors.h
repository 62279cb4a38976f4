#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plane/control_desk.h"
#include "plane/worker_context.h"

namespace slotgate {

/// MONITOR: clients that are shown what the clients of all workers send. A worker writes down what
/// its own clients send, if any worker has a monitor, and hands a turn's lines to those that have.
class Monitors {
 public:
  explicit Monitors(WorkerContext& context) noexcept : context_(context) {}

  /// The client is one from now on; it gets `answer` when all workers know.
  void begin(Client& client, const ControlAnswer& answer);
  /// It is none any more, or gone.
  void end(Client& client);

  /// Writes down a request that was taken; `args` may be fewer than it has.
  void show(const Client& client, const Command& command, Bytes frame,
            const std::vector<Arg>& args);
  /// The same for a control command that is being answered.
  void answered(const Client& client, const Request& request);
  /// Hands out what was written down in this turn.
  void send_lines();

  // Orders.
  /// Worker `home` has one monitor more, or one less, in a database.
  void count(std::uint32_t database, std::uint32_t home, int change);
  /// All workers count the client: it is answered.
  void announced(std::uint64_t client_id);
  /// What another worker's clients sent.
  void take_lines(std::uint32_t database, std::string_view lines);

 private:
  /// What this worker knows of the monitors of a database.
  struct Watched {
    std::vector<std::uint32_t> monitors_of_worker;  ///< by worker
    std::vector<std::uint32_t> clients;             ///< own monitors
    std::string lines;
  };
  struct Beginning {
    std::uint32_t client = kNoIndex;
    ControlAnswer answer;
  };

  /// Tells all workers, one after the other, so that what is told later arrives later.
  void tell(std::uint32_t database, int change, std::uint64_t client_id);

  WorkerContext& context_;
  RequestFramer framer_;
  std::map<std::uint32_t, Watched> watched_;  ///< by database
  std::map<std::uint64_t, Beginning> beginning_;
};

}  // namespace slotgate
