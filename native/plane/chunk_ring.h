#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plane/owned_bytes.h"

namespace slotgate {

/// The turn's memory for what links deliver. Chunks taken during a turn stay valid until reset(),
/// so that a complete reply needs no copy: it is a pointer and a length until it is sent.
class ChunkRing {
 public:
  static constexpr std::size_t kChunkBytes = 64 * 1024;
  /// A read begins only where at least this much room is left.
  static constexpr std::size_t kRoomMin = 16 * 1024;

  /// Room for a read: `front` bytes that the caller fills first, and at least kRoomMin behind them.
  /// `front` must be at most kChunkBytes - kRoomMin.
  struct Room {
    std::uint8_t* data;
    std::size_t size;
  };
  [[nodiscard]] Room take(std::size_t front) {
    if (current_ == chunks_.size() || kChunkBytes - used_ < front + kRoomMin) next_chunk();
    return {chunks_[current_].get() + used_, kChunkBytes - used_};
  }
  /// The first `count` bytes of the room just taken are in use until reset().
  void keep(std::size_t count) noexcept { used_ += count; }

  /// End of the turn: every pointer into the chunks is void now.
  void reset() noexcept {
    // A burst may have needed many chunks; a few are kept, since the next turn will be like this
    // one.
    if (chunks_.size() > kKeptChunks && current_ < kKeptChunks / 2) chunks_.resize(kKeptChunks);
    current_ = chunks_.empty() ? chunks_.size() : 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kKeptChunks = 8;

  void next_chunk() {
    if (current_ < chunks_.size()) ++current_;
    if (current_ == chunks_.size()) {
      chunks_.push_back(own_bytes<MemoryKind::kChunks>(kChunkBytes));
    }
    used_ = 0;
  }

  std::vector<OwnedBytes<MemoryKind::kChunks>> chunks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

}  // namespace slotgate
