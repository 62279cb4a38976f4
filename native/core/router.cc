#include "core/router.h"

#include <cstring>

#include "core/crc16.h"
#include "core/decimal.h"

namespace slotgate {
namespace {

/// Up to here the part of a slot is found by comparing slots one by one, beyond by a table.
constexpr std::size_t kPartsScannedMax = 32;
constexpr std::uint16_t kNoPart = 0xffff;

std::uint16_t slot_of(Bytes frame, Arg arg) noexcept {
  return slot_for_key({frame.data + arg.offset, arg.length});
}

/// Where the argument ends, its CRLF included. The next argument's header begins there.
std::size_t end_of(Arg arg) noexcept { return std::size_t{arg.offset} + arg.length + 2; }

/// Index of the part of `slot`, or the number of parts if there is none yet.
std::size_t find_part(SplitPlan& plan, std::uint16_t slot) {
  std::size_t part = 0;
  if (plan.parts.size() <= kPartsScannedMax) {
    while (part < plan.parts.size() && plan.parts[part].slot != slot) ++part;
    return part;
  }
  const std::uint16_t known = plan.part_of_slot[slot];
  return known == kNoPart ? plan.parts.size() : known;
}

void add_part(SplitPlan& plan, std::uint16_t slot, std::uint32_t key) {
  if (plan.parts.size() == kPartsScannedMax) {
    plan.part_of_slot.assign(kSlotCount, kNoPart);
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
      plan.part_of_slot[plan.parts[i].slot] = static_cast<std::uint16_t>(i);
    }
  }
  if (plan.parts.size() >= kPartsScannedMax) {
    plan.part_of_slot[slot] = static_cast<std::uint16_t>(plan.parts.size());
  }
  plan.parts.push_back({slot, 0, 0, key, key});
}

/// Bytes of "*n" and the command name in front of the part's keys.
std::uint32_t head_bytes(std::uint32_t argc, std::uint32_t name_length) noexcept {
  return 1 + decimal_digits(argc) + 2 + 1 + decimal_digits(name_length) + 2 + name_length + 2;
}

std::uint32_t argc_of(const SplitPart& part, std::uint32_t step) noexcept {
  return 1 + part.key_count * step;
}

}  // namespace

SlotDecision decide_slot(const Command& command, Bytes frame, const std::vector<Arg>& args,
                         KeyPositions& keys) noexcept {
  if (command.shape == KeyShape::kOne) {
    if (command.first_key >= args.size()) return {SlotVerdict::kNoKeys, 0};
    return {SlotVerdict::kOneSlot, slot_of(frame, args[command.first_key])};
  }
  if (!collect_keys(command, frame, args, keys) || keys.indexes.empty()) {
    return {SlotVerdict::kNoKeys, 0};
  }
  const std::uint16_t slot = slot_of(frame, args[keys.indexes[0]]);
  for (std::size_t i = 1; i < keys.indexes.size(); ++i) {
    if (slot_of(frame, args[keys.indexes[i]]) != slot) return {SlotVerdict::kManySlots, slot};
  }
  return {SlotVerdict::kOneSlot, slot};
}

bool plan_split(const Command& command, Bytes frame, const std::vector<Arg>& args,
                SplitPlan& plan) {
  const std::size_t first = command.first_key;
  const std::size_t step = command.split_step;
  plan.parts.clear();
  plan.part_of_key.clear();
  if (args.size() <= first || (args.size() - first) % step != 0) return false;
  const std::size_t key_count = (args.size() - first) / step;
  plan.part_of_key.resize(key_count);
  plan.next_key_of_part.resize(key_count);
  for (std::uint32_t key = 0; key < key_count; ++key) {
    const std::size_t at = first + key * step;
    const std::uint16_t slot = slot_of(frame, args[at]);
    const std::size_t index = find_part(plan, slot);
    if (index == plan.parts.size()) add_part(plan, slot, key);
    SplitPart& part = plan.parts[index];
    plan.next_key_of_part[part.last_key] = key;
    plan.part_of_key[key] = static_cast<std::uint32_t>(index);
    part.last_key = key;
    part.key_count += 1;
    part.payload_bytes += static_cast<std::uint32_t>(end_of(args[at + step - 1]) -
                                                     end_of(args[at - 1]));
  }
  for (SplitPart& part : plan.parts) {
    part.payload_bytes += head_bytes(argc_of(part, command.split_step), args[0].length);
  }
  return true;
}

std::uint8_t* write_split_part(const Command& command, Bytes frame, const std::vector<Arg>& args,
                               const SplitPlan& plan, std::uint32_t part,
                               std::uint8_t* out) noexcept {
  const SplitPart& written = plan.parts[part];
  const std::size_t step = command.split_step;
  out = write_length_line(out, '*', argc_of(written, command.split_step));
  out = write_length_line(out, '$', args[0].length);
  const std::size_t name_bytes = std::size_t{args[0].length} + 2;
  std::memcpy(out, frame.data + args[0].offset, name_bytes);
  out += name_bytes;
  std::uint32_t key = written.first_key;
  for (std::uint32_t i = 0; i < written.key_count; ++i) {
    // A key and its values lie side by side: headers and all are copied in one piece.
    const std::size_t at = command.first_key + key * step;
    const std::size_t begin = end_of(args[at - 1]);
    const std::size_t bytes = end_of(args[at + step - 1]) - begin;
    std::memcpy(out, frame.data + begin, bytes);
    out += bytes;
    key = plan.next_key_of_part[key];
  }
  return out;
}

}  // namespace slotgate
