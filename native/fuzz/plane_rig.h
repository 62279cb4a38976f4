#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>

#include "plane/worker_parts.h"

namespace slotgate::fuzz {

/// The parts of a worker without its thread: a turn is a call, and the clock is the caller's. The
/// steps of a turn are those of Worker, in its order.
class PlaneRig {
 public:
  PlaneRig(std::shared_ptr<const DatabaseSettings> settings,
           std::shared_ptr<const CommandTable> commands)
      : parts_(0, counters_, census_), context_(parts_.context) {
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

  void adopt(int fd) { parts_.clients.adopt(fd, database(), 0); }
  void pass_time(std::uint64_t milliseconds) { context_.now_ms += milliseconds; }

  /// One turn; control commands are answered at its end.
  void turn() {
    uv_run(&context_.loop, UV_RUN_NOWAIT);
    if (context_.now_ms >= next_tick_ms_) {
      parts_.tick();
      next_tick_ms_ = context_.now_ms + 100;
    }
    (void)parts_.finish_turn();  // there is always another turn
    const UpBatch up = std::move(context_.up);
    context_.up = UpBatch();
    for (const ControlRequest& asked : up.controls) {
      ControlAnswer answer;
      answer.reply = "+control\r\n";
      parts_.control.answer(asked.client_index, asked.client_id, answer);
    }
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
  WorkerCounters counters_;
  PubSubCensus census_;
  WorkerParts parts_;
  WorkerContext& context_;
  std::uint64_t next_tick_ms_ = 0;
};

}  // namespace slotgate::fuzz
