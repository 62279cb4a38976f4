#include "plane/joiner.h"

#include <charconv>
#include <cstring>
#include <string>

#include "core/crc16.h"
#include "core/reply_framer.h"
#include "plane/clients.h"
#include "plane/dispatcher.h"
#include "plane/readers.h"
#include "plane/redirector.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/write_retries.h"

namespace slotgate {

namespace {

/// A split request of more keys leaves its record without their memory.
constexpr std::size_t kKeysKept = 1024;

std::string_view reply_view(const Request& request) noexcept {
  return {reinterpret_cast<const char*>(request.reply), request.reply_size};
}

/// Number of elements of the array reply `reply`, and in `header` where the first begins; -1 and 0
/// if it is no array.
std::int64_t array_length(std::string_view reply, std::size_t& header) noexcept {
  header = 0;
  const std::size_t end = reply.find("\r\n");
  if (reply.empty() || reply.front() != '*' || end == std::string_view::npos) return -1;
  std::int64_t length = -1;
  std::from_chars(reply.data() + 1, reply.data() + end, length);
  header = end + 2;
  return length;
}

/// First words on which client libraries repeat a request by themselves: never shown for a request
/// of which a part was executed.
bool is_retried_word(std::string_view word) noexcept {
  return word == "TRYAGAIN" || word == "CLUSTERDOWN" || word == "LOADING" || word == "MASTERDOWN" ||
         word == "MOVED" || word == "ASK";
}

}  // namespace

std::uint32_t Joiner::open(std::uint32_t parent, const Command& command) {
  const std::uint32_t index = context_.joins.take();
  Join& join = context_.joins[index];
  join.parent = parent;
  join.remaining = 0;
  join.failed = 0;
  join.executed = 0;
  join.kind = command.split;
  join.write = (command.flags & kFlagReadonly) == 0;
  join.unknown_outcome = false;
  join.malformed = false;
  join.sum = 0;
  join.first_error.clear();
  join.parts.clear();
  join.part_of_key.clear();
  Request& request = context_.requests[parent];
  request.join = index;
  request.state = RequestState::kJoining;
  context_.counters->split_requests.add();
  return index;
}

std::uint32_t Joiner::add_part(std::uint32_t join_index, std::uint32_t client,
                               const Command& command, std::uint16_t slot, std::uint32_t older) {
  const std::uint32_t index = context_.requests.take();
  Request& part = context_.requests[index];
  const Request& whole = context_.requests[older];
  Join& join = context_.joins[join_index];
  part.client = client;
  part.next = kNoIndex;
  part.join = join_index;
  part.arrived_ms = whole.arrived_ms;
  part.arrival = whole.arrival;
  part.slot = slot;
  part.command = command.id;
  part.flags = static_cast<std::uint16_t>(
      kReqFragment | ((command.flags & kFlagReadonly) != 0 ? kReqReadonly : 0));
  part.part = static_cast<std::uint16_t>(join.parts.size());
  part.redirects = 0;
  context_.retries->divide(older, index);
  join.parts.push_back(index);
  ++join.remaining;
  context_.counters->fragments.add();
  return index;
}

bool Joiner::split(Client& client, std::uint32_t parent, const Command& command, Bytes frame,
                   const std::vector<Arg>& args) {
  if (!plan_split(command, frame, args, plan_) || plan_.parts.size() > UINT16_MAX) return false;
  const std::uint32_t join_index = open(parent, command);
  Join& join = context_.joins[join_index];
  if (command.split == Split::kArrayInOrder) join.part_of_key = plan_.part_of_key;
  const std::uint32_t count = static_cast<std::uint32_t>(plan_.parts.size());
  // All parts exist before the first is sent: one that fails at once must not finish the join.
  for (const SplitPart& part : plan_.parts) {
    add_part(join_index, client.index, command, part.slot, parent);
  }
  const bool at_replicas = context_.readers->links_for(client, command, plan_, readers_);
  for (std::uint32_t i = 0; i < count; ++i) {
    Link* const reader = at_replicas ? readers_[i] : nullptr;
    context_.dispatcher->send_part(
        client, join.parts[i], plan_.parts[i].payload_bytes,
        [&](std::uint8_t* out) { write_split_part(command, frame, args, plan_, i, out); }, reader);
    if (at_replicas)
      context_.readers->note_read(client, plan_.parts[i].slot, context_.requests[parent].arrival);
  }
  return true;
}

bool Joiner::split_per_key(std::uint32_t index) {
  Request& request = context_.requests[index];
  Client& client = context_.clients[request.client];
  const Command& command = client.database->commands->at(request.command);
  if (command.split == Split::kNone) return false;
  RequestFramer framer;
  const Bytes frame{request.owned.get(), request.length};
  if (framer.next(frame.data, frame.size, client.database->limits().request) !=
      FrameStatus::kComplete) {
    return false;
  }
  const std::vector<Arg>& args = framer.args();
  const std::size_t keys = (args.size() - command.first_key) / command.split_step;
  const bool is_part = (request.flags & kReqFragment) != 0;
  const std::size_t parts = is_part ? context_.joins[request.join].parts.size() : 0;
  if (keys < 2 || parts + keys > UINT16_MAX) return false;
  const auto own_frame = std::move(request.owned);

  const std::uint32_t join_index = is_part ? request.join : open(index, command);
  Join& join = context_.joins[join_index];
  const std::uint16_t slot = request.slot;
  const std::uint32_t first = static_cast<std::uint32_t>(join.parts.size());
  for (std::uint32_t i = 0; i < keys; ++i) {
    add_part(join_index, client.index, command, slot, index);
  }
  if (join.kind == Split::kArrayInOrder) {
    if (is_part) {
      std::uint32_t next = first;
      for (std::uint32_t& part : join.part_of_key) {
        if (part == request.part) part = next++;
      }
    } else {
      for (std::uint32_t i = 0; i < keys; ++i) join.part_of_key.push_back(i);
    }
  }
  if (is_part) {
    join.parts[request.part] = kNoIndex;
    --join.remaining;
    context_.release(index);
  }
  for (std::uint32_t i = 0; i < keys; ++i) {
    scratch_.clear();
    const auto put = [&](std::string_view text) {
      scratch_.insert(scratch_.end(), text.begin(), text.end());
    };
    const auto put_arg = [&](const Arg& arg) {
      put("$" + std::to_string(arg.length) + "\r\n");
      scratch_.insert(scratch_.end(), frame.data + arg.offset,
                      frame.data + arg.offset + arg.length);
      put("\r\n");
    };
    put("*" + std::to_string(1U + command.split_step) + "\r\n");
    put_arg(args[0]);
    for (std::uint32_t a = 0; a < command.split_step; ++a) {
      put_arg(args[command.first_key + i * command.split_step + a]);
    }
    context_.dispatcher->send_part(
        client, join.parts[first + i], scratch_.size(),
        [&](std::uint8_t* out) { std::memcpy(out, scratch_.data(), scratch_.size()); });
  }
  return true;
}

void Joiner::part_answered(std::uint32_t index, const std::uint8_t* data, std::size_t size) {
  Request& part = context_.requests[index];
  part.reply = data;
  part.reply_size = static_cast<std::uint32_t>(size);
  part.state = RequestState::kDone;
  part.flags |= kReqInArena;
  fold(index);
}

void Joiner::part_done(std::uint32_t index) { fold(index); }

void Joiner::part_dropped(std::uint32_t index) {
  const std::uint32_t join_index = context_.requests[index].join;
  const std::uint16_t part = context_.requests[index].part;
  context_.release(index);
  Join& join = context_.joins[join_index];
  join.parts[part] = kNoIndex;
  if (--join.remaining == 0) finish(join_index);
}

void Joiner::count_error(Join& join, const Request& part) {
  ++join.failed;
  const std::string_view line = without_crlf(reply_view(part));
  if (error_word(line) == "OUTCOMEUNKNOWN") join.unknown_outcome = true;
  if (join.first_error.empty() || (join.unknown_outcome && error_word(line) == "OUTCOMEUNKNOWN")) {
    join.first_error.assign(line.begin(), line.end());
    join.error_slot = part.slot;
  }
}

void Joiner::take_value(Join& join, std::string_view reply) {
  std::int64_t value = 0;
  switch (join.kind) {
    case Split::kSum:
      if (!parse_integer_reply(reply, value) ||
          __builtin_add_overflow(join.sum, value, &join.sum)) {
        join.malformed = true;
      }
      break;
    case Split::kAllOk:
      join.malformed = join.malformed || reply != "+OK\r\n";
      break;
    case Split::kArrayInOrder:
    case Split::kNone:
      break;
  }
}

void Joiner::fold(std::uint32_t index) {
  Request& part = context_.requests[index];
  const std::uint32_t join_index = part.join;
  Join& join = context_.joins[join_index];
  const bool is_error = part.reply_size != 0 && part.reply[0] == '-';
  bool keep = false;
  if (join.parent == kNoIndex) {
    // The client is gone; the part only has to be counted.
  } else if (is_error) {
    count_error(join, part);
  } else {
    ++join.executed;
    keep = join.kind == Split::kArrayInOrder;
    take_value(join, reply_view(part));
  }
  if (keep) {
    if ((part.flags & kReqInArena) != 0) context_.replies->keep_until_turn_ends(index);
  } else {
    join.parts[part.part] = kNoIndex;
    context_.release(index);
  }
  if (--join.remaining == 0) finish(join_index);
}

void Joiner::finish(std::uint32_t join_index) {
  Join& join = context_.joins[join_index];
  if (join.parent == kNoIndex) {
    recycle(join_index);
    return;
  }
  const std::uint32_t parent = join.parent;
  if (join.failed != 0) {
    finish_with_error(join);
  } else if (join.malformed || !has_all_elements(join)) {
    context_.requests[parent].join = kNoIndex;
    context_.replies->deliver_static(
        parent, "-ERR a server answered with what the command cannot answer\r\n");
  } else if (join.kind == Split::kArrayInOrder) {
    Request& request = context_.requests[parent];
    request.state = RequestState::kDone;
    Client& client = context_.clients[request.client];
    if (client.head == parent) context_.replies->mark_dirty(client);
    return;  // recycled when it is sent
  } else if (join.kind == Split::kSum) {
    context_.requests[parent].join = kNoIndex;
    context_.replies->deliver_copy(parent, ":" + std::to_string(join.sum) + "\r\n");
  } else {
    context_.requests[parent].join = kNoIndex;
    context_.replies->deliver_static(parent, "+OK\r\n");
  }
  recycle(join_index);
}

bool Joiner::has_all_elements(const Join& join) {
  if (join.kind != Split::kArrayInOrder) return true;
  wanted_.assign(join.parts.size(), 0);
  for (const std::uint32_t part : join.part_of_key) ++wanted_[part];
  for (std::size_t i = 0; i < join.parts.size(); ++i) {
    if (join.parts[i] == kNoIndex) continue;
    std::size_t header = 0;
    if (array_length(reply_view(context_.requests[join.parts[i]]), header) != wanted_[i])
      return false;
  }
  return true;
}

void Joiner::finish_with_error(Join& join) {
  const std::string_view line(reinterpret_cast<const char*>(join.first_error.data()),
                              join.first_error.size());
  const std::string_view word = error_word(line);
  const std::string where = "slot " + std::to_string(join.error_slot);
  const bool others_applied = join.write && join.executed != 0;
  std::string text;
  if (others_applied && !join.unknown_outcome && is_retried_word(word)) {
    text = "-ERR partly applied: " + where + ": " + std::string(line.substr(1));
  } else {
    text = std::string(line) + " (" + where;
    if (others_applied) {
      text += "; " + std::to_string(join.failed) + " of " +
              std::to_string(join.failed + join.executed) + " parts failed, others were applied";
    }
    text += ")";
  }
  text += "\r\n";
  const std::uint32_t parent = join.parent;
  context_.requests[parent].join = kNoIndex;
  context_.replies->deliver_copy(parent, text);
}

void Joiner::recycle(std::uint32_t join_index) {
  Join& join = context_.joins[join_index];
  for (const std::uint32_t part : join.parts) {
    if (part != kNoIndex) context_.release(part);
  }
  join.parts.clear();
  join.parent = kNoIndex;
  if (join.part_of_key.capacity() > kKeysKept) join.part_of_key = {};
  context_.joins.give(join_index);
}

void Joiner::abandon(std::uint32_t parent) {
  const std::uint32_t join_index = context_.requests[parent].join;
  Join& join = context_.joins[join_index];
  join.parent = kNoIndex;
  context_.release(parent);
  std::uint32_t remaining = join.remaining;
  for (std::uint32_t& index : join.parts) {
    if (index == kNoIndex) continue;
    Request& part = context_.requests[index];
    if (part.state == RequestState::kDone) {
      context_.release(index);
      index = kNoIndex;
    } else if (part.state == RequestState::kInFlight) {
      part.client = kNoIndex;
    } else {
      context_.redirector->forget(index);
    }
  }
  if (remaining == 0) recycle(join_index);
}

std::uint32_t Joiner::emit_array(std::uint32_t join_index, Client& client) {
  Join& join = context_.joins[join_index];
  Clients& out = *context_.client_io;
  const std::string header = "*" + std::to_string(join.part_of_key.size()) + "\r\n";
  out.emit(client, reinterpret_cast<const std::uint8_t*>(header.data()), header.size());
  // Each part answered with an array of as many elements as it had keys; a part's elements are in
  // the caller's order, so a cursor per part, advanced by each of its keys, restores the whole.
  for (const std::uint32_t index : join.parts) {
    if (index == kNoIndex) continue;
    std::size_t first = 0;
    array_length(reply_view(context_.requests[index]), first);
    context_.requests[index].offset = static_cast<std::uint32_t>(first);
  }
  std::size_t total = 0;
  for (const std::uint32_t part_index : join.part_of_key) {
    if (client.closing) return 0;  // the join went with it
    Request& part = context_.requests[join.parts[part_index]];
    const std::uint8_t* element = part.reply + part.offset;
    const std::size_t rest = part.reply_size - part.offset;
    std::size_t size = ReplyFramer::frame_simple(element, rest);
    if (size == 0) {
      ReplyFramer framer;
      size = framer.next(element, rest) == ReplyStatus::kComplete ? framer.frame_size() : rest;
    }
    out.emit(client, element, size);
    part.offset += static_cast<std::uint32_t>(size);
    total += size;
  }
  return static_cast<std::uint32_t>(std::min<std::size_t>(total, UINT32_MAX));
}

}  // namespace slotgate
