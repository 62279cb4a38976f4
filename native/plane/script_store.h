#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/sha1.h"

namespace slotgate {

/// Digests are random already: a part of them is a hash.
struct Sha1Hash {
  [[nodiscard]] std::size_t operator()(const Sha1Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
  }
};

/// The scripts of one database by digest, so that a server that lacks one can be given it. All
/// threads use it; workers remember what they learned from it, so that a script that is run often
/// takes no lock. Bounded by bytes: the script that was not used for longest is forgotten first.
class ScriptStore {
 public:
  /// In bytes of bodies and what it takes to keep them; 0 keeps nothing.
  void set_limit(std::size_t bytes);

  struct Learned {
    Sha1Digest digest;
    bool is_new;  ///< and is kept: false for a body that is larger than the limit
  };
  Learned learn(Bytes body);
  /// The request that has a server load the script; nullptr if it is not known. Counts as a use.
  [[nodiscard]] std::shared_ptr<const std::string> load_request(const Sha1Digest& digest);
  /// The script's body; false if it is not known.
  [[nodiscard]] bool body(const Sha1Digest& digest, std::string& out) const;
  /// Counts as a use. False if the script is not known any more.
  bool touch(const Sha1Digest& digest);
  [[nodiscard]] bool has(const Sha1Digest& digest) const;
  void forget(const Sha1Digest& digest);
  /// Forgets everything; what was remembered of servers before is void.
  void clear();

  /// Grows with each clear().
  [[nodiscard]] std::uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }
  /// Grows with each script that is learned: what was unknown before may be known.
  [[nodiscard]] std::uint64_t additions() const noexcept {
    return additions_.load(std::memory_order_acquire);
  }

  /// True if `request` is one that load_request() gives.
  [[nodiscard]] static bool is_load_request(std::string_view request) noexcept;
  /// The body in a request that load_request() gives.
  [[nodiscard]] static std::string_view body_in(std::string_view load_request) noexcept;

 private:
  struct Script {
    std::shared_ptr<const std::string> load;
    std::list<Sha1Digest>::iterator place;
  };

  void drop(std::unordered_map<Sha1Digest, Script, Sha1Hash>::iterator it);
  void shrink();

  mutable std::mutex mutex_;
  std::list<Sha1Digest> by_use_;  ///< the most recently used one first
  std::unordered_map<Sha1Digest, Script, Sha1Hash> scripts_;
  std::size_t bytes_ = 0;
  std::size_t limit_ = 64U * 1024 * 1024;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::uint64_t> additions_{0};
};

}  // namespace slotgate
