#include "plane/slow_requests.h"

#include <algorithm>
#include <string>

#include "plane/client_address.h"
#include "plane/shown_name.h"

namespace slotgate {

namespace {

// What a server keeps of a request.
constexpr std::size_t kArgumentsMost = 32;
constexpr std::size_t kArgumentBytesMost = 128;

std::string shortened(Bytes argument) {
  const std::size_t kept = std::min(argument.size, kArgumentBytesMost);
  std::string text(reinterpret_cast<const char*>(argument.data), kept);
  if (kept < argument.size) text += "... (" + std::to_string(argument.size - kept) + " more bytes)";
  return text;
}

std::vector<std::string> shown_arguments(Bytes name, Bytes frame, const std::vector<Arg>& args) {
  const bool too_many = args.size() > kArgumentsMost;
  const std::size_t shown = too_many ? kArgumentsMost - 1 : args.size();
  std::vector<std::string> texts{shortened(name)};
  for (std::size_t i = 1; i < shown; ++i) {
    texts.push_back(shortened({frame.data + args[i].offset, args[i].length}));
  }
  if (too_many) {
    texts.push_back("... (" + std::to_string(args.size() - shown) + " more arguments)");
  }
  return texts;
}

}  // namespace

bool SlowRequests::has_room() noexcept {
  const std::uint32_t now_ms = context_.turn_stamp();
  if (now_ms - window_began_ms_ >= kWindowMs) {
    window_began_ms_ = now_ms;
    noted_ = 0;
  }
  return noted_++ < kNotesPerWindow;
}

void SlowRequests::note(const Database& database, const Request& request, Bytes frame) {
  if (request.client == kNoIndex || request.command >= database.commands->size()) return;
  const Client& client = context_.clients[request.client];
  const bool is_control = request.state == RequestState::kControl;
  if (is_control && client.last_command != request.command) return;  // an unknown command
  // What waits because it was asked to is not slow.
  const std::uint32_t waits = kFlagBlocking | (is_control ? kFlagBlocksWithToken : 0U);
  const Command& command = database.commands->at(request.command);
  if ((command.flags & (kFlagSecret | waits)) != 0) return;
  context_.counters->slow_requests.add();
  if (!has_room()) return;
  framer_.reset();
  if (framer_.next(frame.data, frame.size, database.limits().request) != FrameStatus::kComplete)
    return;
  SlowRequest slow;
  slow.database = database.id;
  slow.duration_ms = context_.turn_stamp() - request.arrived_ms;
  const Bytes name = shown_name(command, framer_.frame(), framer_.args()[0]);
  slow.args = shown_arguments(name, framer_.frame(), framer_.args());
  slow.client_address = client_address(client);
  if (client.names) slow.client_name = client.names->name;
  context_.up.slow.push_back(std::move(slow));
}

}  // namespace slotgate
