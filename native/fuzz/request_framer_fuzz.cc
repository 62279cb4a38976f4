// Requests: cut anywhere, kept or dropped, the framer says the same.
#include "fuzz/cut_input.h"
#include "fuzz/invariant.h"
#include "test/feed.h"

namespace {

/// The sizes of frames, without their arguments, which a dropping caller cannot tell.
std::string without_arguments(const std::string& log) {
  std::string sizes;
  bool skipping = false;
  for (const char c : log) {
    if (c == '\n') skipping = false;
    if (!skipping) sizes += c;
    if (c == ':') skipping = true;
  }
  return sizes;
}

slotgate::RequestLimits limits_of(std::uint8_t options) {
  slotgate::RequestLimits limits;
  if ((options & 1U) != 0) limits.arguments_max = 10;
  if ((options & 2U) != 0) limits.bulk_bytes_max = 64;
  if ((options & 4U) != 0) limits.inline_bytes_max = 32;
  if ((options & 8U) != 0) limits.frame_bytes_max = 256;
  limits.unauthenticated = (options & 16U) != 0;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using slotgate::test::Caller;
  const slotgate::fuzz::CutInput input = slotgate::fuzz::read_cut_input(data, size);
  const slotgate::RequestLimits limits = limits_of(input.options);
  const auto feed = [&](const slotgate::test::Pieces& pieces, Caller caller) {
    return slotgate::test::feed_requests(input.wire, pieces, limits, caller);
  };
  const std::string whole = feed({}, Caller::kKeeps);
  slotgate::fuzz::require_same(feed(input.pieces, Caller::kForgets), whole,
                               "a cut changes nothing");
  slotgate::fuzz::require_same(without_arguments(feed(input.pieces, Caller::kDrops)),
                               without_arguments(whole), "dropping changes no boundary");
  return 0;
}
