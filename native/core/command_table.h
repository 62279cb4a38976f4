#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/name_index.h"
#include "core/request_framer.h"

namespace slotgate {

/// One key specification of a command. Positions count from the command name, which is 0.
/// Source: Redis documentation, "Command key specifications".
struct KeySpec {
  enum class Begin : std::uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : std::uint8_t { kRange, kKeynum, kUnknown };

  Begin begin = Begin::kUnknown;
  /// kIndex: position. kKeyword: where the search starts; negative counts from the end, and then
  /// the search runs backwards.
  std::int32_t begin_index = 0;
  /// kKeyword: upper case.
  std::string keyword;

  Find find = Find::kUnknown;
  /// kRange: relative to the begin, or, if negative, to the last argument (-1 is the last one).
  std::int32_t last_key = 0;
  std::int32_t key_step = 1;
  /// kRange with last_key -1: 0 or 1 means no limit, 2 the first half of the rest, 3 a third, …
  std::int32_t limit = 0;
  /// kKeynum: where the count is, and where the first key is, both relative to the begin.
  std::int32_t keynum_index = 0;
  std::int32_t first_key = 0;
};

/// Facts about a command, as bits.
enum CommandFlag : std::uint32_t {
  kFlagWrite = 1U << 0,
  kFlagReadonly = 1U << 1,          ///< may be sent again after a lost link
  kFlagConnectionState = 1U << 2,   ///< changes the connection: never on a shared link
  kFlagContainer = 1U << 3,         ///< has subcommands; the row itself is never routed
  kFlagScript = 1U << 4,            ///< its error replies may be written by the client
  kFlagBlocking = 1U << 5,          ///< always blocks
  kFlagBlocksWithToken = 1U << 6,   ///< blocks if `block_token` is present (XREAD BLOCK)
  kFlagBeforeAuth = 1U << 7,        ///< allowed before authentication
  kFlagNotKey = 1U << 8,            ///< its "keys" are only hashed (sharded pub/sub channels)
  kFlagRepeatable = 1U << 9,        ///< a write that once more changes nothing; see WriteRetries
  kFlagKeysUnknown = 1U << 10,      ///< has a key specification that cannot be evaluated
  kFlagQueueable = 1U << 11,        ///< may stand between MULTI and EXEC
  kFlagNeverQueued = 1U << 12,      ///< is executed at once also between MULTI and EXEC
  kFlagWhileSubscribed = 1U << 13,  ///< allowed to a RESP2 client that has subscriptions
  kFlagMayReplicate = 1U << 14,     ///< waits while writes are paused
  kFlagKeyspace = 1U << 15,         ///< reads or writes keys: nothing for a client that monitors
  kFlagUnmonitored = 1U << 16,      ///< is not shown to clients that monitor
  kFlagSecret = 1U << 17,           ///< its arguments may be passwords: never shown
  kFlagRunsBody = 1U << 18,         ///< runs the script whose body is argument 1
  kFlagRunsDigest = 1U << 19,       ///< runs the script whose SHA-1 is argument 1, in hexadecimal
  kFlagAtReplica = 1U << 20,        ///< replicas may be asked, if it has one key or can be divided
  kFlagRenamed = 1U << 21,          ///< clients call it `called`, and not by its name
  kFlagSubcommand = 1U << 22,       ///< found behind its container only; the table sets it itself
};

/// Who answers.
enum class RouteBy : std::uint8_t {
  kKeys,     ///< the shard of the keys' slot; without keys as kKeyless
  kKeyless,  ///< one fixed primary per client
  kLocal,    ///< the worker itself; `local` says how
  kControl,  ///< TypeScript
  kRefuse,   ///< the worker, with `ready_reply`
  kPubSub,   ///< the worker's hubs of subscriptions; `pubsub` and `family` say what
};

/// What a pub/sub command does.
enum class PubSubAction : std::uint8_t { kNone, kSubscribe, kUnsubscribe, kPublish };

/// What names a pub/sub command takes.
enum class PubSubFamily : std::uint8_t {
  kChannel,
  kPattern,
  kShard,  ///< channels that belong to the shard of their slot
};
inline constexpr std::size_t kPubSubFamilies = 3;

/// How a worker answers a command by itself.
enum class LocalAnswer : std::uint8_t {
  kNone,
  kReadyReply,      ///< `ready_reply`, verbatim
  kPing,            ///< +PONG, or the argument as a bulk string
  kEchoArgument,    ///< argument 1 as a bulk string
  kQuit,            ///< +OK, then close
  kSelectDatabase,  ///< argument 1 must be 0
  kSetName,         ///< remembers argument 2 as the connection's name
  kGetName,
  kSetLibrary,  ///< remembers arguments 2 (LIB-NAME | LIB-VER) and 3
  kClientId,
  kMulti,
  kExec,
  kDiscard,
  kUnwatch,
  kHello,      ///< protocol negotiation without AUTH, `ready_reply` is the servers' version;
               ///< with AUTH TypeScript is asked
  kReplyMode,  ///< argument 2 is ON, OFF or SKIP: whether replies are sent
  kIfCluster,  ///< `ready_reply` to clients that are shown a cluster; to others what servers
               ///< without one say
};

/// How a request over several slots is divided and its replies joined.
enum class Split : std::uint8_t {
  kNone,          ///< several slots: CROSSSLOT
  kArrayInOrder,  ///< arrays, put back into the caller's order of keys
  kSum,           ///< integers, added exactly (64 bits)
  kAllOk,         ///< one +OK if every part says so
};

/// What must have ended before the client's next request is parsed.
enum class Barrier : std::uint8_t {
  kNone,
  kStop,   ///< nothing is parsed behind the request until it is answered
  kDrain,  ///< and it starts only when everything before it is answered
};

/// A row as TypeScript publishes it.
struct CommandRow {
  /// Lower case; a subcommand is "container|subcommand".
  std::string name;
  /// As the server's: negative means "at least". For a subcommand both words count. 0 = any.
  std::int32_t arity = 0;
  std::uint32_t flags = 0;
  RouteBy route = RouteBy::kKeys;
  LocalAnswer local = LocalAnswer::kNone;
  Split split = Split::kNone;
  Barrier barrier = Barrier::kNone;
  PubSubAction pubsub = PubSubAction::kNone;
  PubSubFamily family = PubSubFamily::kChannel;
  /// Arguments per key of a split command: 1, or 2 when a value follows each key.
  std::uint8_t split_step = 1;
  std::vector<KeySpec> key_specs;
  std::string ready_reply;
  /// Upper case; with kFlagBlocksWithToken.
  std::string block_token;
  /// With kFlagRenamed, in the form of `name`; empty: clients cannot call it.
  std::string called;
  /// With kFlagRepeatable: what may stand at this position and behind it, if not 0, are
  /// `retry_options` (upper case) with a value each; anything else makes another command of it.
  std::uint8_t retry_options_from = 0;
  std::vector<std::string> retry_options;
};

/// How the keys of a command are found; the first two never look at more than they must.
enum class KeyShape : std::uint8_t { kNone, kOne, kRange, kGeneral };

/// No row of a table has this number.
inline constexpr std::uint16_t kNoCommand = 0xffff;

/// A row made ready for the hot path. Immutable, lives as long as its table.
struct Command {
  std::uint16_t id = 0;  ///< index of the row in the list given to build()
  std::int16_t arity = 0;
  std::uint32_t flags = 0;
  RouteBy route = RouteBy::kKeys;
  LocalAnswer local = LocalAnswer::kNone;
  Split split = Split::kNone;
  Barrier barrier = Barrier::kNone;
  PubSubAction pubsub = PubSubAction::kNone;
  PubSubFamily family = PubSubFamily::kChannel;
  std::uint8_t split_step = 1;
  KeyShape shape = KeyShape::kNone;
  /// True if a request with the right number of arguments needs nothing but its slot: kKeys, shape
  /// kOne, no barrier, no connection state, no blocking.
  bool plain = false;
  std::uint16_t first_key = 0;  ///< kOne, kRange: position
  std::int32_t last_key = 0;    ///< kRange: negative counts from the end (-1 the last argument)
  std::uint16_t key_step = 1;
  const CommandRow* row = nullptr;
};

/// All commands of a database, with a perfect hash over the names (no collision, one probe).
/// Immutable after build(), shared by all threads.
class CommandTable {
 public:
  /// Longest name, "container|subcommand" included.
  static constexpr std::size_t kNameBytesMax = 128;

  /// At most 65535 rows; names unique, lower case, at most kNameBytesMax, and so are those by which
  /// clients call them; every row consistent in itself. nullptr and a sentence in `error`
  /// otherwise.
  static std::shared_ptr<const CommandTable> build(std::vector<CommandRow> rows,
                                                   std::string& error);

  /// The row that clients call `name` (any case), or nullptr. Container rows are returned as such.
  [[nodiscard]] const Command* find(Bytes name) const noexcept {
    const Command* const command = found(called_, name);
    return command == nullptr || !is_hidden(*command) ? command : nullptr;
  }

  /// The row that describes a request: the subcommand's where the first word is a container.
  /// nullptr if the command or the subcommand is unknown; a container without subcommand gives the
  /// container's own row.
  [[nodiscard]] const Command* resolve(Bytes frame, const std::vector<Arg>& args) const noexcept {
    return resolved(called_, frame, args);
  }
  /// The same for a request as it is sent to servers, which know nothing of renaming.
  [[nodiscard]] const Command* resolve_own(Bytes frame,
                                           const std::vector<Arg>& args) const noexcept {
    return resolved(names_, frame, args);
  }

  [[nodiscard]] const Command& at(std::uint16_t id) const noexcept { return commands_[id]; }
  [[nodiscard]] std::size_t size() const noexcept { return commands_.size(); }

 private:
  /// Before the name of what clients cannot call.
  static constexpr char kHidden = '\n';

  CommandTable() = default;
  static bool is_hidden(const Command& command) noexcept {
    return (command.flags & kFlagRenamed) != 0 && command.row->called.front() == kHidden;
  }
  [[nodiscard]] const Command* found(const NameIndex& index, Bytes name) const noexcept;
  [[nodiscard]] const Command* resolved(const NameIndex& index, Bytes frame,
                                        const std::vector<Arg>& args) const noexcept;

  std::vector<CommandRow> rows_;
  std::vector<Command> commands_;
  NameIndex called_;
  NameIndex names_;
};

/// True if `argc` (command name included) fits the row's arity.
[[nodiscard]] inline bool arity_fits(std::int32_t arity, std::size_t argc) noexcept {
  return arity >= 0 ? (arity == 0 || argc == static_cast<std::size_t>(arity))
                    : argc >= static_cast<std::size_t>(-arity);
}

}  // namespace slotgate
