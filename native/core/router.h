#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/command_table.h"
#include "core/request_framer.h"

namespace slotgate {

/// Positions (argument indexes) of the keys of one request. Reused from call to call.
struct KeyPositions {
  std::vector<std::uint32_t> indexes;
};

/// Collects the key positions of a request, each once per specification, in the order of the
/// arguments of each specification. False if the arguments do not fit the specification (a key
/// count that is no number, larger than the rest …): the server will refuse such a request in its
/// own words. No keys is success.
bool collect_keys(const Command& command, Bytes frame, const std::vector<Arg>& args,
                  KeyPositions& keys) noexcept;

/// Where a request goes, by its keys alone.
enum class SlotVerdict : std::uint8_t {
  kOneSlot,     ///< all keys hash to `slot`
  kNoKeys,      ///< none, or the keys could not be found (see collect_keys)
  kManySlots,   ///< the keys hash to more than one slot
};

struct SlotDecision {
  SlotVerdict verdict;
  std::uint16_t slot;  ///< of the first key; valid unless kNoKeys
};

/// Decides the slot of a request. `keys` is filled unless the shape is kNone or kOne.
/// Never allocates once `keys` has grown.
[[nodiscard]] SlotDecision decide_slot(const Command& command, Bytes frame,
                                       const std::vector<Arg>& args, KeyPositions& keys) noexcept;

/// One part of a split request: the keys of one slot.
struct SplitPart {
  std::uint16_t slot;
  std::uint32_t key_count;
  std::uint32_t payload_bytes;  ///< of the part's frame, headers included
  std::uint32_t first_key;      ///< the part's first and last key: which key of the request
  std::uint32_t last_key;
};

/// How a request over several slots is divided. Reused from call to call.
struct SplitPlan {
  std::vector<SplitPart> parts;
  /// For the i-th key of the request, in the caller's order, the part that holds it.
  std::vector<std::uint32_t> part_of_key;
  /// For the i-th key of the request, the next key of the same part; unset for the part's last key.
  std::vector<std::uint32_t> next_key_of_part;
  /// Scratch of plan_split: the part of each slot. Used from kPartsScannedMax parts on.
  std::vector<std::uint16_t> part_of_slot;
};

/// Groups the keys of a kRange command by slot, in order of first appearance; keys of one slot keep
/// the caller's order. One hash per key. The keys must cover all arguments from first_key on in
/// steps of split_step (MGET, DEL: 1; MSET: 2, key and value); false if they do not, for example
/// because a value is missing: the server refuses such a request.
bool plan_split(const Command& command, Bytes frame, const std::vector<Arg>& args, SplitPlan& plan);

/// Writes the frame of part `part` (command name, then its keys and values) to `out`, which has
/// room for plan.parts[part].payload_bytes. Returns the end of what was written.
std::uint8_t* write_split_part(const Command& command, Bytes frame, const std::vector<Arg>& args,
                               const SplitPlan& plan, std::uint32_t part,
                               std::uint8_t* out) noexcept;

}  // namespace slotgate
