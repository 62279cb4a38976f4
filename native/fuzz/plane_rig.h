#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>

#include "plane/clients.h"
#include "plane/control_desk.h"
#include "plane/dispatcher.h"
#include "plane/joiner.h"
#include "plane/links.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/request_streams.h"
#include "plane/worker_context.h"

namespace slotgate::fuzz {

/// The parts of a worker without its thread: a turn is a call, and the clock is the caller's. The
/// steps of a turn are those of Worker, in its order.
class PlaneRig {
 public:
  PlaneRig(std::shared_ptr<const DatabaseSettings> settings,
           std::shared_ptr<const CommandTable> commands)
      : clients_(context_),
        links_(context_),
        redirector_(context_),
        joiner_(context_),
        replies_(context_),
        streams_(context_),
        dispatcher_(context_),
        control_(context_) {
    uv_loop_init(&context_.loop);
    context_.counters = &counters_;
    context_.client_io = &clients_;
    context_.links = &links_;
    context_.redirector = &redirector_;
    context_.joiner = &joiner_;
    context_.replies = &replies_;
    context_.streams = &streams_;
    context_.dispatcher = &dispatcher_;
    context_.control = &control_;
    context_.now_ms = 1000000;
    auto database = std::make_unique<Database>();
    database->settings = std::move(settings);
    database->commands = std::move(commands);
    context_.databases.push_back(std::move(database));
  }

  [[nodiscard]] Database& database() noexcept { return *context_.databases[0]; }
  [[nodiscard]] WorkerContext& context() noexcept { return context_; }
  [[nodiscard]] Redirector& redirector() noexcept { return redirector_; }
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }

  void adopt(int fd) { clients_.adopt(fd, database(), 0); }
  void pass_time(std::uint64_t milliseconds) { context_.now_ms += milliseconds; }

  /// One turn; control commands are answered at its end.
  void turn() {
    uv_run(&context_.loop, UV_RUN_NOWAIT);
    if (redirector_.next_due_ms() <= context_.now_ms) redirector_.run_due();
    if (context_.now_ms >= next_tick_ms_) {
      if (redirector_.holding()) redirector_.expire();
      links_.tick();
      streams_.retry();
      next_tick_ms_ = context_.now_ms + 100;
    }
    if (clients_.has_ready()) clients_.run_ready_list();
    (void)links_.flush_patiently();  // there is always another turn
    clients_.flush();
    replies_.copy_out_of_arena();
    context_.chunks.reset();
    const UpBatch up = std::move(context_.up);
    context_.up = UpBatch();
    for (const ControlRequest& asked : up.controls) {
      ControlAnswer answer;
      answer.reply = "+control\r\n";
      control_.answer(asked.client_index, asked.client_id, answer);
    }
  }

  /// Closes everything; true if the loop was left without a handle.
  [[nodiscard]] bool end() {
    clients_.close_all();
    links_.close_all();
    while (uv_run(&context_.loop, UV_RUN_NOWAIT) != 0) {
    }
    return uv_loop_close(&context_.loop) == 0;
  }

 private:
  WorkerCounters counters_;
  WorkerContext context_;
  Clients clients_;
  Links links_;
  Redirector redirector_;
  Joiner joiner_;
  Replies replies_;
  RequestStreams streams_;
  Dispatcher dispatcher_;
  ControlDesk control_;
  std::uint64_t next_tick_ms_ = 0;
};

}  // namespace slotgate::fuzz
