// Headers of the PROXY protocol: cut anywhere, the reader says the same, and takes nothing of what
// lies behind.
#include <algorithm>
#include <memory>
#include <string>

#include "core/proxy_header.h"
#include "fuzz/cut_input.h"
#include "fuzz/invariant.h"

namespace {

using slotgate::IpEnd;
using slotgate::ProxyHeaderReader;
using slotgate::ProxyHeaderStatus;

std::string described(const IpEnd& end) {
  std::string text(end.address.bytes.begin(), end.address.bytes.end());
  return text + (end.address.is_v4 ? " v4 " : " v6 ") + std::to_string(end.port) + "\n";
}

/// What came of the bytes, and how many were taken.
std::string read_in_pieces(std::string_view wire, const slotgate::test::Pieces& pieces) {
  ProxyHeaderReader reader;
  std::size_t taken = 0;
  for (std::size_t i = 0; taken < wire.size(); ++i) {
    const std::size_t left = wire.size() - taken;
    const std::size_t size = i < pieces.size() ? std::min(left, pieces[i]) : left;
    // A copy of its own size: reading beyond it is seen.
    const auto piece = std::make_unique<std::uint8_t[]>(size);
    std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(taken), size, piece.get());
    const ProxyHeaderStatus status = reader.read({piece.get(), size});
    slotgate::fuzz::require(reader.consumed() <= size, "no more is taken than there is");
    taken += reader.consumed();
    if (status == ProxyHeaderStatus::kError) {
      slotgate::fuzz::require(!reader.error().empty(), "an error has words");
      return std::string(reader.error());
    }
    if (status == ProxyHeaderStatus::kComplete) {
      slotgate::fuzz::require(taken <= ProxyHeaderReader::kBinaryMost, "a header has an end");
      const auto& ends = reader.connection();
      return std::to_string(taken) + "\n" +
             (ends ? described(ends->source) + described(ends->destination) : "its own");
    }
    slotgate::fuzz::require(reader.consumed() == size, "what needs more has taken all");
  }
  slotgate::fuzz::require(taken < ProxyHeaderReader::kBinaryMost, "it does not wait for ever");
  return "needs more";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const slotgate::fuzz::CutInput input = slotgate::fuzz::read_cut_input(data, size);
  const std::string whole = read_in_pieces(input.wire, {});
  slotgate::fuzz::require_same(read_in_pieces(input.wire, input.pieces), whole,
                               "a cut changes nothing");
  const slotgate::test::Pieces single = slotgate::test::single_bytes(input.wire.size());
  slotgate::fuzz::require_same(read_in_pieces(input.wire, single), whole,
                               "single bytes change nothing");
  return 0;
}
