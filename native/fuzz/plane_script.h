#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/command_table.h"

namespace slotgate::fuzz {

/// Reads the script.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string bytes(std::size_t count) {
    count = std::min(count, size_);
    std::string taken(reinterpret_cast<const char*>(data_), count);
    data_ += count;
    size_ -= count;
    return taken;
  }
  std::string key() {
    constexpr std::array<const char*, 6> kKeys{"a", "b", "{a}1", "{a}2", "c", "foo"};
    return kKeys[byte() % kKeys.size()];
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

inline CommandRow row(const char* name, std::uint32_t flags, std::int32_t last_key,
                      std::uint8_t step, Split split) {
  CommandRow made;
  made.name = name;
  made.arity = (flags & kFlagScript) != 0 ? -1 : -1 - step;
  made.flags = flags | kFlagQueueable;
  made.split = split;
  made.split_step = step;
  KeySpec spec;
  spec.begin = KeySpec::Begin::kIndex;
  spec.begin_index = 1;
  spec.find = KeySpec::Find::kRange;
  spec.last_key = last_key;
  spec.key_step = step;
  made.key_specs = {spec};
  return made;
}

inline CommandRow local(const char* name, LocalAnswer answer, std::uint32_t flags = 0) {
  CommandRow made;
  made.name = name;
  made.route = RouteBy::kLocal;
  made.local = answer;
  made.flags = flags;
  return made;
}

struct Named {
  const char* name;
  PubSubAction action;
  PubSubFamily family;
};

inline std::shared_ptr<const CommandTable> make_commands() {
  std::vector<CommandRow> rows{
      row("get", kFlagReadonly | kFlagAtReplica, 0, 1, Split::kNone),
      row("set", kFlagWrite | kFlagRepeatable, 0, 1, Split::kNone),
      row("rename", kFlagWrite, 1, 1, Split::kNone),
      // Of any arity, as modules declare their commands.
      row("eval", kFlagWrite | kFlagScript, 0, 1, Split::kNone),
      row("mget", kFlagReadonly | kFlagAtReplica, -1, 1, Split::kArrayInOrder),
      row("mset", kFlagWrite | kFlagRepeatable, -1, 2, Split::kAllOk),
      row("del", kFlagWrite, -1, 1, Split::kSum),
  };
  rows.push_back(row("blpop", kFlagWrite | kFlagBlocking, 0, 1, Split::kNone));
  rows.push_back(local("ping", LocalAnswer::kPing));
  rows.push_back(local("unwatch", LocalAnswer::kUnwatch));
  rows.push_back(local("multi", LocalAnswer::kMulti, kFlagNeverQueued));
  rows.push_back(local("exec", LocalAnswer::kExec, kFlagNeverQueued));
  rows.push_back(local("discard", LocalAnswer::kDiscard, kFlagNeverQueued));
  CommandRow watch = row("watch", kFlagNeverQueued, 0, 1, Split::kNone);
  watch.route = RouteBy::kControl;
  watch.barrier = Barrier::kDrain;
  rows.push_back(watch);
  CommandRow flush;
  flush.name = "flushall";
  flush.route = RouteBy::kControl;
  flush.barrier = Barrier::kDrain;
  rows.push_back(flush);
  for (const auto& [name, action, family] : {
           Named{"subscribe", PubSubAction::kSubscribe, PubSubFamily::kChannel},
           Named{"ssubscribe", PubSubAction::kSubscribe, PubSubFamily::kShard},
           Named{"unsubscribe", PubSubAction::kUnsubscribe, PubSubFamily::kChannel},
           Named{"publish", PubSubAction::kPublish, PubSubFamily::kChannel},
       }) {
    const bool publishes = action == PubSubAction::kPublish;
    CommandRow pubsub;
    pubsub.name = name;
    pubsub.arity = publishes ? 3 : 2;
    pubsub.route = RouteBy::kPubSub;
    pubsub.pubsub = action;
    pubsub.family = family;
    pubsub.barrier = publishes ? Barrier::kNone : Barrier::kDrain;
    pubsub.flags = publishes ? kFlagWrite : kFlagWhileSubscribed;
    rows.push_back(pubsub);
  }
  std::string error;
  return CommandTable::build(std::move(rows), error);
}

}  // namespace slotgate::fuzz
