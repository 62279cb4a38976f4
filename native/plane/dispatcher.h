#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "core/renamed_request.h"
#include "core/router.h"
#include "plane/links.h"
#include "plane/redirector.h"
#include "plane/worker_context.h"

namespace slotgate {

/// What became of a request that was parsed.
enum class Dispatched : std::uint8_t {
  kTaken,   ///< its bytes may go; a barrier that it put up shows in ClientSpecial
  kNotNow,  ///< not taken: parse it again when the client is resumed
};

/// What a server answers to keys of several slots.
inline constexpr std::string_view kCrossSlotReply =
    "-CROSSSLOT Keys in request don't hash to the same slot\r\n";

/// Decides what happens to each request of a client, and starts it.
class Dispatcher {
 public:
  explicit Dispatcher(WorkerContext& context) noexcept : context_(context) {}

  /// A complete request of `client`, in canonical form.
  Dispatched dispatch(Client& client, Bytes frame, const std::vector<Arg>& args) {
    const Command* command = client.database->commands->resolve(frame, args);
    if (command != nullptr && command->plain &&
        (client.special | client.database->attention) == 0 &&
        arity_fits(command->arity, args.size()) && client.in_flight < client.window) {
      const Arg& key = args[command->first_key];
      const std::uint16_t slot = slot_for_key({frame.data + key.offset, key.length});
      const std::uint16_t owner = client.database->slots.entry(slot);
      if (owner < SlotMap::kUnassigned && !client.audience->is_elsewhere(slot)) {
        Link* link = client.database->servers[owner]->shared[client.protocol];
        if (link != nullptr && link->stream.unanswered() + frame.size <= kPlainUnansweredMax) {
          const std::uint32_t index = append(client, *command, slot, command_flags(*command));
          context_.links->send(*link, index, frame);
          return Dispatched::kTaken;
        }
      }
    }
    return dispatch_slowly(client, command, frame, args);
  }

  /// Sends a part of a split request to the owner of its slot (or over `reader`, to a replica), or
  /// holds it. `write(out)` writes the `size` bytes of its frame.
  template <typename Write>
  void send_part(Client& client, std::uint32_t index, std::size_t size, Write&& write,
                 Link* reader = nullptr) {
    Request& part = context_.requests[index];
    Link* link = reader != nullptr ? reader : link_now(client, part.slot);
    if (link != nullptr) {
      write(context_.links->begin_send(*link, index, size));
      context_.links->end_send(*link, size);
      return;
    }
    part.owned = request_bytes(size);
    part.length = static_cast<std::uint32_t>(size);
    write(part.owned.get());
    context_.redirector->hold(index);
  }

  /// Puts a new request at the end of the client's order.
  std::uint32_t append(Client& client, const Command& command, std::uint16_t slot,
                       std::uint16_t flags) {
    const std::uint32_t index = context_.requests.take();
    Request& request = context_.requests[index];
    request.client = client.index;
    request.next = kNoIndex;
    request.join = kNoIndex;
    request.arrived_ms = context_.turn_stamp();
    request.arrival = context_.next_arrival++;
    request.batch = client.batch;
    request.slot = slot;
    request.command = command.id;
    request.flags = flags;
    if (client.reply_mode != ReplyMode::kOn) [[unlikely]]
      silence(client, request);
    request.redirects = 0;
    if (client.tail == kNoIndex) {
      client.head = index;
    } else {
      context_.requests[client.tail].next = index;
    }
    client.tail = index;
    client.last_command = command.id;
    ++client.in_flight;
    context_.counters->requests.add();
    return index;
  }
  /// The same for what has no row.
  std::uint32_t append_unknown(Client& client);

  /// Sends the request to the owner of `slot`, or holds it.
  Dispatched send_to_slot(Client& client, const Command& command, Bytes frame,
                          const std::vector<Arg>& args, std::uint16_t slot, std::uint16_t flags);

  /// The link for the client's requests of `slot`, if they may be sent now; else they must be held.
  [[nodiscard]] Link* link_now(Client& client, std::uint16_t slot);

  /// Tells the control plane, once per command and client library, of an answer that users will ask
  /// about.
  void hint(PlaneEvent::Kind kind, const Client& client, const Command& command);

  /// Answers a request whose keys must share a slot and do not.
  Dispatched refuse_many_slots(Client& client, const Command& command);

  /// True if the client has to wait for room on the link.
  bool stalls(Client& client, Link& link, std::size_t size);

  static std::uint16_t command_flags(const Command& command) noexcept {
    return static_cast<std::uint16_t>(((command.flags & kFlagReadonly) != 0 ? kReqReadonly : 0) |
                                      ((command.flags & kFlagScript) != 0 ? kReqScript : 0));
  }

 private:
  /// A plain request is appended without further questions below this; PlaneLimits may only be
  /// larger.
  static constexpr std::size_t kPlainUnansweredMax = 256 * 1024;

  static void silence(Client& client, Request& request) noexcept;
  /// A request that cannot be a command at all: answered, and remembered by an open transaction.
  Dispatched reject(Client& client, const Command& command, std::string_view reply);
  Dispatched begin(Client& client, const Command* command, Bytes frame,
                   const std::vector<Arg>& args);
  /// True if what the client is shown says that its keys are not for this proxy: it is answered.
  bool turn_away(Client& client, const Command& command, Bytes frame, const std::vector<Arg>& args);
  Dispatched dispatch_slowly(Client& client, const Command* command, Bytes frame,
                             const std::vector<Arg>& args);
  /// A request that a server would execute, unless something forbids it.
  Dispatched take(Client& client, const Command& command, Bytes frame,
                  const std::vector<Arg>& args);
  Dispatched dispatch_keyed(Client& client, const Command& command, Bytes frame,
                            const std::vector<Arg>& args);
  Dispatched split(Client& client, const Command& command, Bytes frame,
                   const std::vector<Arg>& args);
  /// The link to a replica that may be asked in the place of the owner of `slot`, or nullptr.
  [[nodiscard]] Link* reader_for(Client& client, const Command& command, std::uint16_t slot);
  Dispatched send_read(Client& client, const Command& command, Bytes frame, std::uint16_t slot,
                       Link& reader);
  /// True if the barrier of `command` keeps it from starting now.
  bool must_drain(Client& client, Barrier barrier) noexcept;
  [[nodiscard]] bool blocks(const Command& command, Bytes frame,
                            const std::vector<Arg>& args) const;

  WorkerContext& context_;
  KeyPositions keys_;
  RenamedRequest renamed_;
  std::set<std::string> hinted_;
};

}  // namespace slotgate
