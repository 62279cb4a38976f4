#include "plane/local_answers.h"

#include <algorithm>
#include <string>

#include "core/decimal.h"
#include "plane/control_desk.h"
#include "plane/replies.h"
#include "plane/reply_text.h"
#include "plane/transactions.h"

namespace slotgate {

namespace {

constexpr std::string_view kNoCluster = "-ERR This instance has cluster support disabled\r\n";

std::string_view argument(Bytes frame, const std::vector<Arg>& args, std::size_t index) noexcept {
  return {reinterpret_cast<const char*>(frame.data) + args[index].offset, args[index].length};
}

bool same_word(std::string_view given, std::string_view upper) noexcept {
  return given.size() == upper.size() &&
         std::equal(given.begin(), given.end(), upper.begin(), [](char g, char u) {
           return g == u || (u >= 'A' && u <= 'Z' && g == (u | 0x20));
         });
}

/// What a server accepts as a name: printable, no spaces.
bool valid_name(std::string_view name) noexcept {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

ClientNames& names_of(Client& client) {
  if (!client.names) client.names = std::make_unique<ClientNames>();
  return *client.names;
}

std::string null_reply(const Client& client) { return client.protocol == 3 ? "_\r\n" : "$-1\r\n"; }

std::string ping(const Client& client, Bytes frame, const std::vector<Arg>& args) {
  if (args.size() > 2) return "-ERR wrong number of arguments for 'ping' command\r\n";
  if (is_confined(client)) {
    return "*2\r\n" + bulk_reply("pong") +
           bulk_reply(args.size() == 1 ? "" : argument(frame, args, 1));
  }
  return args.size() == 1 ? "+PONG\r\n" : bulk_reply(argument(frame, args, 1));
}

std::string select_database(std::string_view index) {
  std::int64_t number = 0;
  if (!parse_decimal(bytes_of(index), number)) {
    return "-ERR value is not an integer or out of range\r\n";
  }
  return number == 0 ? "+OK\r\n" : "-ERR DB index is out of range\r\n";
}

std::string set_name(Client& client, std::string_view name) {
  if (!valid_name(name)) {
    return "-ERR Client names cannot contain spaces, newlines or special characters.\r\n";
  }
  names_of(client).name = name;
  return "+OK\r\n";
}

std::string set_library(Client& client, std::string_view attribute, std::string_view value) {
  const bool name = same_word(attribute, "LIB-NAME");
  if (!name && !same_word(attribute, "LIB-VER")) {
    return "-ERR Unrecognized option '" + std::string(attribute) + "'\r\n";
  }
  if (!valid_name(value)) {
    return std::string("-ERR ") + (name ? "lib-name" : "lib-ver") +
           " cannot contain spaces, newlines or special characters.\r\n";
  }
  (name ? names_of(client).library : names_of(client).library_version) = value;
  return "+OK\r\n";
}

std::string get_name(const Client& client) {
  return client.names && !client.names->name.empty() ? bulk_reply(client.names->name)
                                                     : null_reply(client);
}

/// The command itself is answered only if replies are on behind it.
Dispatched set_reply_mode(WorkerContext& context, Client& client, const Command& command,
                          std::string_view word) {
  const bool skip = same_word(word, "SKIP");
  if (same_word(word, "ON")) client.reply_mode = ReplyMode::kOn;
  if (same_word(word, "OFF")) client.reply_mode = ReplyMode::kOff;
  const std::uint32_t index = context.dispatcher->append(client, command, 0, 0);
  if (skip) {
    context.requests[index].flags |= kReqSilent;
    // Set behind append(), which ends an earlier SKIP.
    if (client.reply_mode == ReplyMode::kOn) client.reply_mode = ReplyMode::kSkipNext;
  }
  const bool known = skip || same_word(word, "ON") || same_word(word, "OFF");
  context.replies->deliver_static(index, known ? "+OK\r\n" : "-ERR syntax error\r\n");
  return Dispatched::kTaken;
}

/// HELLO, or HELLO 2 or 3, of a client that need not log in.
bool is_simple_hello(const Client& client, Bytes frame, const std::vector<Arg>& args) noexcept {
  if ((client.special & kSpecialUnauthenticated) != 0 || args.size() > 2) return false;
  return args.size() == 1 || argument(frame, args, 1) == "2" || argument(frame, args, 1) == "3";
}

/// As a primary introduces itself; `version` is that of the servers.
std::string hello(Client& client, Bytes frame, const std::vector<Arg>& args,
                  const std::string& version) {
  if (args.size() == 2) client.protocol = argument(frame, args, 1) == "3" ? 3 : 2;
  std::string reply = client.protocol == 3 ? "%7\r\n" : "*14\r\n";
  reply += bulk_reply("server") + bulk_reply("redis");
  reply += bulk_reply("version") + bulk_reply(version);
  reply += bulk_reply("proto") + ":" + std::to_string(client.protocol) + "\r\n";
  reply += bulk_reply("id") + ":" + std::to_string(client.id) + "\r\n";
  reply += bulk_reply("mode") + bulk_reply(client.audience->sees().hello_mode);
  reply += bulk_reply("role") + bulk_reply("master");
  return reply + bulk_reply("modules") + "*0\r\n";
}

std::string answer(Client& client, const Command& command, Bytes frame,
                   const std::vector<Arg>& args) {
  switch (command.local) {
    case LocalAnswer::kPing:
      return ping(client, frame, args);
    case LocalAnswer::kEchoArgument:
      return bulk_reply(argument(frame, args, 1));
    case LocalAnswer::kSelectDatabase:
      return select_database(argument(frame, args, 1));
    case LocalAnswer::kSetName:
      return set_name(client, argument(frame, args, 2));
    case LocalAnswer::kGetName:
      return get_name(client);
    case LocalAnswer::kSetLibrary:
      return set_library(client, argument(frame, args, 2), argument(frame, args, 3));
    case LocalAnswer::kClientId:
      return ":" + std::to_string(client.id) + "\r\n";
    case LocalAnswer::kQuit:
      return "+OK\r\n";
    case LocalAnswer::kHello:
      return hello(client, frame, args, command.row->ready_reply);
    case LocalAnswer::kIfCluster:
      return client.audience->sees().shows_cluster ? command.row->ready_reply
                                                   : std::string(kNoCluster);
    case LocalAnswer::kReplyMode:
    case LocalAnswer::kNone:
    case LocalAnswer::kReadyReply:
    case LocalAnswer::kMulti:
    case LocalAnswer::kExec:
    case LocalAnswer::kDiscard:
    case LocalAnswer::kUnwatch:
      break;
  }
  return command.row->ready_reply;
}

}  // namespace

Dispatched answer_locally(WorkerContext& context, Client& client, const Command& command,
                          Bytes frame, const std::vector<Arg>& args) {
  // Only TypeScript can log a client in, and words errors.
  if (command.local == LocalAnswer::kHello && !is_simple_hello(client, frame, args)) {
    return context.control->ask(client, &command, frame, args);
  }
  switch (command.local) {
    case LocalAnswer::kMulti:
      return context.transactions->begin(client, command);
    case LocalAnswer::kExec:
      return context.transactions->execute(client, command);
    case LocalAnswer::kDiscard:
      return context.transactions->discard(client, command);
    case LocalAnswer::kUnwatch:
      return context.transactions->unwatch(client, command);
    default:
      break;
  }
  context.counters->local_answers.add();
  if (command.local == LocalAnswer::kReplyMode) {
    return set_reply_mode(context, client, command, argument(frame, args, 2));
  }
  const bool selects = command.local == LocalAnswer::kSelectDatabase;
  if (selects && argument(frame, args, 1) != "0") {
    context.dispatcher->hint(PlaneEvent::Kind::kDatabaseRefused, client, command);
  }
  const std::uint32_t index = context.dispatcher->append(client, command, 0, 0);
  const bool quits = command.local == LocalAnswer::kQuit;
  if (quits) {
    context.requests[index].flags |= kReqCloseAfter;
    client.special |= kSpecialFinished;
  }
  context.replies->deliver_copy(index, answer(client, command, frame, args));
  return Dispatched::kTaken;
}

}  // namespace slotgate
