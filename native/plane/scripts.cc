#include "plane/scripts.h"

#include <algorithm>

#include "core/word.h"
#include "plane/links.h"
#include "plane/reply_text.h"
#include "plane/tracking.h"

namespace slotgate {

namespace {

/// How often the store is told that a script is in use.
constexpr std::uint32_t kUseMs = 1000;
/// What one link, and one worker, remember at most; beyond it they begin anew.
constexpr std::size_t kLinkScriptsMost = 4096;
constexpr std::size_t kSeenMost = 4096;
constexpr std::size_t kLoadsMost = 64;
constexpr std::string_view kDoesNotCompile = "-ERR Error compiling script";

/// Good enough to tell apart the scripts of a program that means well.
std::uint64_t cheap_hash(Bytes body) noexcept {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;
  std::uint64_t hash = body.size * kMultiplier;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  std::size_t at = 0;
  for (; at + 8 <= body.size; at += 8) mix(load_word(body.data + at));
  mix(load_short_word(body.data + at, body.size - at));
  return hash;
}

Bytes argument(Bytes frame, const Arg& arg) noexcept {
  return {frame.data + arg.offset, arg.length};
}

}  // namespace

bool Scripts::is_old(std::uint32_t stamp_ms) const noexcept {
  return context_.turn_stamp() - stamp_ms >= kUseMs;
}

LinkScripts& Scripts::scripts_of(Link& link) {
  const std::uint64_t generation = link.database->scripts->generation();
  if (!link.scripts) {
    link.scripts = std::make_unique<LinkScripts>();
    link.scripts->generation = generation;
  }
  if (link.scripts->generation != generation) {
    link.scripts->scripts.clear();
    link.scripts->generation = generation;
  }
  return *link.scripts;
}

void Scripts::prepare(Link& link, std::uint32_t index, const Command& command, Bytes frame,
                      const std::vector<Arg>& args) {
  prepare_one(link, &context_.requests[index], command, frame, args);
}

void Scripts::prepare_one(Link& link, Request* request, const Command& command, Bytes frame,
                          const std::vector<Arg>& args) {
  if (args.size() < 2) return;
  const Bytes named = argument(frame, args[1]);
  if ((command.flags & kFlagRunsBody) != 0) {
    if (learn(*link.database, named) && request != nullptr) request->part |= kScriptLearned;
    return;
  }
  Sha1Digest digest;
  if (parse_hex(named, digest)) prime(link, digest);
}

void Scripts::prepare_again(Link& link, std::uint32_t index, Bytes frame) {
  Request& request = context_.requests[index];
  if ((request.flags & kReqBlock) != 0) {
    prepare_block(link, frame);
    return;
  }
  const Command& command = link.database->commands->at(request.command);
  if (!concerns(command)) return;
  RequestFramer framer;
  if (framer.next(frame.data, frame.size, link.database->limits().request) !=
      FrameStatus::kComplete) {
    return;
  }
  prepare_one(link, &request, command, frame, framer.args());
}

void Scripts::prepare_block(Link& link, Bytes frames) {
  RequestFramer framer;
  while (framer.next(frames.data, frames.size, link.database->limits().request) ==
         FrameStatus::kComplete) {
    const Command* const command =
        link.database->commands->resolve_own(framer.frame(), framer.args());
    if (command != nullptr && concerns(*command))
      prepare_one(link, nullptr, *command, framer.frame(), framer.args());
    frames = {frames.data + framer.consumed(), frames.size - framer.consumed()};
  }
}

bool Scripts::learn(Database& database, Bytes body) {
  ScriptStore& store = *database.scripts;
  SeenOf& seen = seen_[&database];
  const std::uint64_t generation = store.generation();
  if (seen.generation != generation || seen.bodies.size() >= kSeenMost) seen.bodies.clear();
  seen.generation = generation;
  const std::uint64_t hash = cheap_hash(body);
  const auto it = seen.bodies.find(hash);
  if (it != seen.bodies.end()) {
    if (!is_old(it->second.used_ms)) return false;
    it->second.used_ms = context_.turn_stamp();
    if (store.touch(it->second.digest)) return false;
  }
  const ScriptStore::Learned learned = store.learn(body);
  seen.bodies[hash] = {learned.digest, context_.turn_stamp()};
  return learned.is_new;
}

void Scripts::prime(Link& link, const Sha1Digest& digest) {
  ScriptStore& store = *link.database->scripts;
  LinkScripts& known = scripts_of(link);
  if (known.may_not_load) return;
  const auto it = known.scripts.find(digest);
  if (it != known.scripts.end() && it->second.loaded) {
    if (!is_old(it->second.used_ms)) return;
    it->second.used_ms = context_.turn_stamp();
    store.touch(digest);
    return;
  }
  // Read before the store is asked: what is learned in between is seen the next time.
  const std::uint64_t additions = store.additions();
  if (it != known.scripts.end() && it->second.additions == additions) return;
  const auto load = store.load_request(digest);
  if (known.scripts.size() >= kLinkScriptsMost) known.scripts.clear();
  known.scripts[digest] = {load != nullptr, context_.turn_stamp(), additions};
  if (load == nullptr) return;
  context_.links->send_internal(link, *load);
  if (link.leased) context_.tracking->send_before_next(link);
  context_.counters->scripts_loaded.add();
}

void Scripts::note_error(Link& link, std::uint32_t index, std::string_view line) {
  const Request& request = context_.requests[index];
  const Bytes frame{link.stream.at(request.offset), request.length};
  const bool does_not_compile = line.starts_with(kDoesNotCompile);
  const bool may_not = error_word(line) == "NOPERM";
  if ((request.flags & kReqInternal) == 0) {
    // It was learned from a request that proves nothing.
    const Command& command = link.database->commands->at(request.command);
    const bool learned =
        (command.flags & kFlagRunsBody) != 0 && (request.part & kScriptLearned) != 0;
    if (!learned || !(does_not_compile || may_not)) return;
    RequestFramer framer;
    if (framer.next(frame.data, frame.size, link.database->limits().request) ==
        FrameStatus::kComplete) {
      link.database->scripts->forget(sha1(argument(frame, framer.args()[1])));
    }
    return;
  }
  if (!ScriptStore::is_load_request(frame.text())) return;
  LinkScripts& known = scripts_of(link);
  if (may_not) {
    known.may_not_load = true;
    return;
  }
  const Sha1Digest digest = sha1(bytes_of(ScriptStore::body_in(frame.text())));
  known.scripts.erase(digest);
  if (does_not_compile) link.database->scripts->forget(digest);
}

bool Scripts::digest_in(Bytes frame, Sha1Digest& digest) {
  RequestFramer framer;
  return framer.next(frame.data, frame.size, RequestLimits()) == FrameStatus::kComplete &&
         framer.args().size() > 1 && parse_hex(argument(frame, framer.args()[1]), digest);
}

Scripts::Missing Scripts::missing(Link& link, std::uint32_t index, Sha1Digest& digest) {
  Request& request = context_.requests[index];
  if ((request.flags & kReqBlock) != 0) return Missing::kPassOn;
  const Command& command = link.database->commands->at(request.command);
  const Bytes frame{link.stream.at(request.offset), request.length};
  if ((command.flags & kFlagRunsDigest) == 0 || !digest_in(frame, digest)) return Missing::kPassOn;
  // Whatever else the link's server was believed to have is in doubt, too.
  scripts_of(link).scripts.clear();
  if ((request.part & kScriptRepeated) != 0 || !link.database->scripts->has(digest))
    return Missing::kPassOn;
  request.part |= kScriptRepeated;
  const bool loaded_since = std::any_of(loads_.begin(), loads_.end(), [&](const Load& load) {
    const std::uint32_t sent_before = load.at_ms - request.arrived_ms;
    return load.server == link.server && load.digest == digest && sent_before < kUseMs;
  });
  return loaded_since ? Missing::kRepeat : Missing::kAsk;
}

void Scripts::loaded(const Server& server, const Sha1Digest& digest) {
  if (loads_.size() == kLoadsMost) loads_.pop_front();
  loads_.push_back({&server, digest, context_.turn_stamp()});
}

}  // namespace slotgate
