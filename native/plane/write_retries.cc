#include "plane/write_retries.h"

#include <algorithm>
#include <unordered_set>

#include "plane/reply_text.h"

namespace slotgate {

namespace {

/// What is more than one command for one slot.
constexpr std::uint16_t kNeverRepeated =
    kReqErrand | kReqStreamed | kReqBlock | kReqKeyless | kReqScript | kReqReceivers | kReqRepeated;

bool is_word(std::string_view upper, Bytes given) {
  return std::equal(upper.begin(), upper.end(), given.data, given.data + given.size,
                    [](char wanted, std::uint8_t byte) {
                      return byte == static_cast<std::uint8_t>(wanted) ||
                             byte == static_cast<std::uint8_t>(wanted | 0x20);
                    });
}

/// True if everything behind the arguments that the row knows is an option of its list and a value.
bool has_known_options(const CommandRow& row, Bytes frame, const std::vector<Arg>& args) {
  for (std::size_t i = row.retry_options_from; i < args.size(); i += 2) {
    const Bytes word{frame.data + args[i].offset, args[i].length};
    const bool known =
        std::any_of(row.retry_options.begin(), row.retry_options.end(),
                    [&](const std::string& option) { return is_word(option, word); });
    if (!known) return false;
  }
  return true;
}

}  // namespace

bool WriteRetries::may_repeat(const Link& link, const Request& request) const {
  if ((request.flags & kNeverRepeated) != 0) return false;
  const Command& command = link.database->commands->at(request.command);
  if ((command.flags & kFlagRepeatable) == 0) return false;
  if (command.row->retry_options_from == 0) return true;
  RequestFramer framer;
  const Bytes frame{link.stream.at(request.offset), request.length};
  return framer.next(frame.data, frame.size, link.database->limits().request) ==
             FrameStatus::kComplete &&
         has_known_options(*command.row, frame, framer.args());
}

std::vector<bool> WriteRetries::choose(const Link& link) {
  std::vector<bool> chosen;
  if (!link.database->settings->retry_writes) return chosen;
  chosen.resize(link.in_flight.size());
  std::unordered_set<std::uint64_t> unknown_slots;
  std::unordered_set<std::uint32_t> unknown_clients;
  for (std::uint32_t i = link.in_flight.size(); i-- > 0;) {
    const Request& request = context_.requests[link.in_flight.at(i)];
    const bool written = link.stream.sent_up_to(request.offset + request.length);
    const bool harmless = (request.flags & (kReqInternal | kReqReadonly)) != 0;
    if (request.client == kNoIndex || harmless || !written) continue;
    const std::uint64_t place = std::uint64_t{request.client} << 16U | request.slot;
    const bool overtaken =
        unknown_slots.contains(place) || unknown_clients.contains(request.client);
    if (!overtaken && may_repeat(link, request)) {
      chosen[i] = true;
    } else if ((request.flags & kReqKeyless) != 0) {
      unknown_clients.insert(request.client);
    } else {
      unknown_slots.insert(place);
    }
  }
  return chosen;
}

void WriteRetries::begin(const Link& link, std::uint32_t index) {
  context_.counters->writes_repeated.add();
  // Its reply is looked at: see Links::deliver_slowly.
  context_.requests[index].flags |= kReqRepeated | kReqWatchOrder;
  lost_at_[index] = link.server->index;
}

void WriteRetries::divide(std::uint32_t index, std::uint32_t part) {
  if (!concerns(context_.requests[index])) return;
  context_.requests[part].flags |= kReqRepeated | kReqWatchOrder;
  lost_at_[part] = lost_at_[index];
}

std::string WriteRetries::told(std::uint32_t index, std::string_view line) {
  const auto entry = lost_at_.extract(index);
  const Request& request = context_.requests[index];
  const bool is_told = request.client == kNoIndex || error_word(line) == "OUTCOMEUNKNOWN";
  if (entry.empty() || is_told) return std::string(line);
  const Database& database = *context_.clients[request.client].database;
  context_.counters->unknown_outcomes.add();
  return "-OUTCOMEUNKNOWN outcome unknown: connection to " +
         database.servers[entry.mapped()]->entry.label + " (slot " + std::to_string(request.slot) +
         ") was lost after the command was sent; sent again, it got: " +
         std::string(without_crlf(line).substr(1)) + "\r\n";
}

}  // namespace slotgate
