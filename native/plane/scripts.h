#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plane/script_store.h"
#include "plane/worker_context.h"

namespace slotgate {

/// What a link's server is known to have.
struct LinkScripts {
  struct Script {
    bool loaded = false;
    std::uint32_t used_ms = 0;    ///< loaded: when the store was last told of a use
    std::uint64_t additions = 0;  ///< not loaded: ScriptStore::additions() when it was unknown
  };
  std::unordered_map<Sha1Digest, Script, Sha1Hash> scripts;
  std::uint64_t generation = 0;  ///< ScriptStore::generation() that they belong to
  bool may_not_load = false;     ///< the link's user has no right to load scripts
};

/// What is known of one request that runs a script; in Request::part.
enum ScriptMark : std::uint16_t {
  kScriptLearned = 1U << 0,   ///< its body was not known before
  kScriptRepeated = 1U << 1,  ///< the server did not have it; it was loaded, and is sent again
};

/// Sees to it that a server has a script before it is asked to run it by its digest: a request that
/// loads it goes in front, on the same link, so that the order of requests stays as it is. The
/// bodies come from requests that carry one, and from the control plane.
///
/// A server that says all the same that it has no such script was flushed by somebody, or the
/// link's user may not load scripts. The control plane looks, and loads it over a connection of its
/// own; see Redirector::script_missing.
class Scripts {
 public:
  explicit Scripts(WorkerContext& context) noexcept : context_(context) {}

  /// True for commands whose requests prepare() is to see before they are sent.
  [[nodiscard]] static bool concerns(const Command& command) noexcept {
    return (command.flags & (kFlagRunsBody | kFlagRunsDigest)) != 0;
  }
  /// The request `index` is about to be appended to `link`. Its `part` was 0 to begin with.
  void prepare(Link& link, std::uint32_t index, const Command& command, Bytes frame,
               const std::vector<Arg>& args);
  /// The same for any request: most have nothing to do with scripts.
  void prepare_again(Link& link, std::uint32_t index, Bytes frame);
  /// The same for the commands of a transaction.
  void prepare_block(Link& link, Bytes frames);

  /// An error reply to a request of ours, or to one that runs a script, just taken off `link`;
  /// its frame is still in the link's stream.
  void note_error(Link& link, std::uint32_t index, std::string_view line);

  /// What to do about a server that does not know the digest in a request.
  enum class Missing : std::uint8_t {
    kPassOn,  ///< nor do we, or it was repeated already
    kRepeat,  ///< it was loaded since the request was sent
    kAsk,     ///< the control plane has to look
  };
  /// `index` was just taken off `link`; `digest` is what it asked for.
  [[nodiscard]] Missing missing(Link& link, std::uint32_t index, Sha1Digest& digest);
  /// The control plane had `server` load the script.
  void loaded(const Server& server, const Sha1Digest& digest);
  /// The digest in a frame of a row that runs scripts by digest; false if it is malformed.
  [[nodiscard]] static bool digest_in(Bytes frame, Sha1Digest& digest);

 private:
  struct Seen {
    Sha1Digest digest;
    std::uint32_t used_ms = 0;
  };
  struct SeenOf {
    std::unordered_map<std::uint64_t, Seen> bodies;
    std::uint64_t generation = 0;
  };
  struct Load {
    const Server* server;
    Sha1Digest digest;
    std::uint32_t at_ms;
  };

  void prepare_one(Link& link, Request* request, const Command& command, Bytes frame,
                   const std::vector<Arg>& args);
  /// True if nobody knew it.
  bool learn(Database& database, Bytes body);
  void prime(Link& link, const Sha1Digest& digest);
  static LinkScripts& scripts_of(Link& link);
  [[nodiscard]] bool is_old(std::uint32_t stamp_ms) const noexcept;

  WorkerContext& context_;
  /// Bodies by a cheap hash, so that one that comes often costs no SHA-1.
  std::unordered_map<const Database*, SeenOf> seen_;
  std::deque<Load> loads_;  ///< the latest last
};

}  // namespace slotgate
