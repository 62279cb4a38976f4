// Key specifications: any specification on any request gives positions of arguments, and any split
// gives back every argument once.
#include <string>
#include <vector>

#include "core/crc16.h"
#include "core/router.h"
#include "fuzz/invariant.h"
#include "test/wire.h"

namespace {

using slotgate::Bytes;
using slotgate::KeySpec;
using slotgate::fuzz::require;

constexpr std::string_view kKeyword = "STORE";

/// Reads numbers from the front of the fuzzer's bytes.
class Source {
 public:
  Source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  /// Mostly small, sometimes at the edges.
  std::int32_t number() {
    const std::uint8_t first = byte();
    if (first < 0xf8) return static_cast<std::int8_t>(first) / 8;
    return static_cast<std::int32_t>((std::uint32_t{byte()} << 24) | byte());
  }
  [[nodiscard]] Bytes rest() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

KeySpec read_spec(Source& source) {
  KeySpec spec;
  spec.begin = static_cast<KeySpec::Begin>(source.byte() % 3);
  spec.find = static_cast<KeySpec::Find>(source.byte() % 3);
  spec.begin_index = source.number();
  spec.keyword = kKeyword;
  spec.last_key = source.number();
  spec.key_step = source.number();
  spec.limit = source.number();
  spec.keynum_index = source.number();
  spec.first_key = source.number();
  return spec;
}

slotgate::CommandRow read_row(Source& source) {
  slotgate::CommandRow row;
  row.name = "x";
  const unsigned count = source.byte() % 4U;
  for (unsigned i = 0; i < count; ++i) row.key_specs.push_back(read_spec(source));
  row.split = source.byte() % 2 == 0 ? slotgate::Split::kNone : slotgate::Split::kSum;
  row.split_step = static_cast<std::uint8_t>(1 + source.byte() % 2);
  return row;
}

/// A request whose arguments behind the name are the rest's blank-separated words.
std::string read_request(Bytes rest) {
  std::vector<std::string> args{"x"};
  args.emplace_back();
  for (std::size_t i = 0; i < rest.size; ++i) {
    if (rest.data[i] == ' ') {
      args.emplace_back();
    } else {
      args.back() += static_cast<char>(rest.data[i]);
    }
  }
  return slotgate::test::multibulk(args);
}

void check_keys(const slotgate::Command& command, Bytes frame,
                const std::vector<slotgate::Arg>& args) {
  slotgate::KeyPositions keys;
  if (slotgate::collect_keys(command, frame, args, keys)) {
    for (const std::uint32_t index : keys.indexes) {
      require(index >= 1 && index < args.size(), "a key is an argument behind the name");
    }
  }
  const slotgate::SlotDecision decision = slotgate::decide_slot(command, frame, args, keys);
  require(decision.slot < slotgate::kSlotCount, "a slot is in range");
}

void check_split(const slotgate::Command& command, Bytes frame,
                 const std::vector<slotgate::Arg>& args) {
  slotgate::SplitPlan plan;
  if (!slotgate::plan_split(command, frame, args, plan)) return;
  slotgate::RequestFramer framer;
  std::size_t argument_count = 0;
  for (std::uint32_t part = 0; part < plan.parts.size(); ++part) {
    std::vector<std::uint8_t> out(plan.parts[part].payload_bytes);
    const std::uint8_t* const end =
        slotgate::write_split_part(command, frame, args, plan, part, out.data());
    require(end == out.data() + out.size(), "a part has the announced size");
    require(framer.next(out.data(), out.size(), {}) == slotgate::FrameStatus::kComplete,
            "a part is a request");
    require(framer.consumed() == out.size(), "a part is one request");
    argument_count += framer.args().size() - 1;
    const slotgate::Arg first = framer.args()[1];
    require(slotgate::slot_for_key({out.data() + first.offset, first.length}) ==
                plan.parts[part].slot,
            "a part belongs to its slot");
  }
  require(argument_count == args.size() - 1, "every argument is in one part");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source source(data, size);
  std::string error;
  const auto table = slotgate::CommandTable::build({read_row(source)}, error);
  if (table == nullptr) {
    require(!error.empty(), "a refused row has a reason");
    return 0;
  }
  const std::string request = read_request(source.rest());
  slotgate::RequestFramer framer;
  const Bytes bytes = slotgate::bytes_of(request);
  if (framer.next(bytes.data, bytes.size, {}) != slotgate::FrameStatus::kComplete) return 0;
  const slotgate::Command& command = table->at(0);
  check_keys(command, framer.frame(), framer.args());
  if (command.split != slotgate::Split::kNone) {
    check_split(command, framer.frame(), framer.args());
  }
  return 0;
}
