// Replies: cut anywhere, kept or dropped, the framer says the same.
#include "fuzz/cut_input.h"
#include "fuzz/invariant.h"
#include "test/feed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using slotgate::test::Caller;
  const slotgate::fuzz::CutInput input = slotgate::fuzz::read_cut_input(data, size);
  const std::string whole = slotgate::test::feed_replies(input.wire, {}, Caller::kKeeps);
  for (const Caller caller : {Caller::kForgets, Caller::kDrops}) {
    slotgate::fuzz::require_same(slotgate::test::feed_replies(input.wire, input.pieces, caller),
                                 whole, "a cut changes nothing");
  }
  return 0;
}
