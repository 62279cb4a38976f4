#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "plane/arrival.h"
#include "plane/limits.h"
#include "plane/output_gather.h"
#include "plane/worker_context.h"

namespace slotgate {

/// The downstream connections of one worker: reading, parsing, sending, closing.
class Clients {
 public:
  explicit Clients(WorkerContext& context) noexcept : context_(context) {}

  /// Takes over a connected socket. Refuses (in a server's words) when the limit is reached.
  void adopt(const Arrival& arrival, Database& database, std::uint32_t clients_of_all_workers);
  /// Refuses a connection because there are as many clients as there may be.
  void refuse_for_number(int fd);

  /// Adds bytes of a reply to what the client is sent in this turn.
  void emit(Client& client, const std::uint8_t* data, std::size_t size);
  /// Sends a piece of a large reply now. The client may be closed by it.
  void forward(Client& client, const std::uint8_t* data, std::size_t size);
  /// Sends `bytes`, whole frames that answer nothing: behind the replies that are ready, never
  /// within one. The client may be closed by it, if it does not read.
  void push(Client& client, std::string_view bytes);
  /// Sends what was pushed, to a number of clients per turn.
  void flush_pushed();
  [[nodiscard]] bool has_pushed() const noexcept { return !pushed_.empty(); }
  /// So much is to be sent that no more should be read for it.
  [[nodiscard]] bool is_pushing_much() const noexcept { return pushed_bytes_ > kPushedBytesMost; }
  /// Sends every dirty client what is ready, in order.
  void flush();

  /// Parses on for clients that stopped before their input did. Not again for the same in one turn.
  void run_ready_list();
  [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty(); }
  /// Output is kept back that must leave soon.
  [[nodiscard]] bool has_corked() const noexcept { return !corked_.empty(); }
  void make_ready(Client& client);
  /// The link that the client waited for has room again, or is gone.
  void resume_stalled(std::uint32_t index);
  /// The request that is being streamed can take more of the client's input, or is finished.
  void continue_stream(Client& client);
  /// It waits for its rate, or for memory; read_on() ends that.
  void stop_reading(Client& client) { watch(client); }
  void read_on(Client& client);
  /// The barrier is over.
  void resume(Client& client, std::uint16_t special_bit);

  /// The request that the client has begun does not go on for `waited_ms`: it is told so behind
  /// what it is due, and closed.
  void end_unfinished(Client& client, std::uint32_t waited_ms);

  /// Closes at once: what is in flight is answered to nobody, what is held is dropped.
  void close(Client& client);
  void close_all();
  /// True if the client is of one of these audiences.
  [[nodiscard]] static bool is_of(const Client& client, const AudienceNames& names) noexcept;
  [[nodiscard]] Client* find(std::uint32_t index, std::uint64_t id);
  [[nodiscard]] bool idle() const noexcept { return context_.clients.used() == 0; }
  /// Runs `visit` for every open client.
  void for_each(const std::function<void(Client&)>& visit);

 private:
  static void on_ready(void* owner, Readiness readiness);
  static void on_closed(void* owner);

  void read(Client& client);
  /// What came of parsing.
  struct Parsed {
    std::size_t done = 0;  ///< bytes that are done with
    std::uint32_t requests = 0;
  };
  [[nodiscard]] Parsed parse_some(Client& client, RequestFramer& framer, const std::uint8_t* data,
                                  std::size_t size, std::uint32_t most);
  /// Parses `size` bytes at `data`; returns how many are done with.
  std::size_t parse(Client& client, RequestFramer& framer, const std::uint8_t* data,
                    std::size_t size);
  void parse_input(Client& client);
  void keep(Client& client, RequestFramer& framer, const std::uint8_t* data, std::size_t size);
  void protocol_error(Client& client, std::string_view text);
  void input_ended(Client& client);
  void flush_client(Client& client);
  /// Frees the requests whose replies have left the gather.
  void release_sent();
  /// Moves what is gathered for `client` to its output.
  void keep_gathered(Client& client);
  /// Closes a client that does not take what it is pushed; true if it did.
  bool closes_for_pushes(Client& client);
  /// Adds what was pushed while a reply was being forwarded, if that is over.
  void emit_deferred(Client& client);
  void emit_ready(Client& client);
  /// Adds what clients that track keys are told behind the reply to a request.
  void emit_behind(Client& client, std::uint32_t index);
  /// True if what is ready may wait for the rest of its pipeline.
  [[nodiscard]] bool may_cork(const Client& client) noexcept;
  void cork(Client& client);
  void uncork_old();
  void send_gathered(Client& client);
  /// Closes a client that has too much unread; true if it did.
  bool is_over_limit(Client& client);
  void append_output(Client& client, const std::uint8_t* data, std::size_t size);
  void write_backlog(Client& client);
  void write_output(Client& client);
  void after_flush(Client& client);
  void watch(Client& client);
  void detach_requests(Client& client);
  [[nodiscard]] const RequestLimits& limits_for(const Client& client) const noexcept;

  WorkerContext& context_;
  std::vector<std::uint32_t> ready_;
  std::vector<std::uint32_t> running_;
  std::vector<std::uint32_t> corked_;
  std::uint16_t emitted_batch_ = 0;   ///< of the last reply that emit_ready() took
  std::deque<std::uint32_t> pushed_;  ///< clients
  std::size_t pushed_bytes_ = 0;      ///< pushed since nothing was left to send
  std::vector<std::uint32_t> sent_;   ///< requests whose replies the gather may refer to
  OutputGather gather_;
  RequestFramer framer_;  ///< for clients whose input begins at a frame
  std::uint64_t next_sequence_ = 1;
  std::uint32_t reads_since_flush_ = 0;
  std::array<std::uint8_t, kReadBytesPerTurn> scratch_;
};

}  // namespace slotgate
