#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/reply_framer.h"
#include "core/request_framer.h"
#include "test/wire.h"

namespace slotgate::test {

/// Sizes of the pieces in which an input arrives; what they leave over arrives as a last piece.
using Pieces = std::vector<std::size_t>;

/// Pieces of one byte each.
[[nodiscard]] inline Pieces single_bytes(std::size_t size) { return Pieces(size, 1); }

/// How a caller of a framer behaves.
enum class Caller {
  kKeeps,    ///< keeps the whole frame in its buffer
  kForgets,  ///< overwrites what scanned() covers: no byte may be looked at twice
  kDrops,    ///< drops what scanned() covers
};

namespace detail {

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::printf("a framer broke its contract: %s\n", what);
  std::abort();
}

/// Bytes that arrived and belong to no frame yet, as a connection keeps them.
class ArrivedBytes {
 public:
  /// What a framer may look at: a copy of its own size, gone at the next call.
  Bytes view(Caller caller, std::size_t scanned) {
    copy_ = std::make_unique<std::uint8_t[]>(bytes_.size());
    std::copy(bytes_.begin(), bytes_.end(), copy_.get());
    if (caller == Caller::kForgets) std::fill_n(copy_.get(), scanned, std::uint8_t{0xff});
    return {copy_.get(), bytes_.size()};
  }
  void append(std::string_view piece) { bytes_ += piece; }
  void remove(std::size_t count) { bytes_.erase(0, count); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::string_view text() const noexcept { return bytes_; }

 private:
  std::string bytes_;
  std::unique_ptr<std::uint8_t[]> copy_;
};

/// Feeds a framer; `Framer` knows how to call it and how to describe its frames.
template <typename Framer>
std::string feed(Framer& framer, std::string_view input, const Pieces& pieces, Caller caller) {
  std::string log;
  ArrivedBytes arrived;
  std::size_t dropped = 0;
  std::size_t at = 0;
  for (std::size_t piece = 0; piece <= pieces.size(); ++piece) {
    const std::size_t rest = input.size() - at;
    const std::size_t size = piece < pieces.size() ? std::min(pieces[piece], rest) : rest;
    arrived.append(input.substr(at, size));
    at += size;
    while (true) {
      const Bytes view = arrived.view(caller, framer.scanned());
      const auto status = framer.next(view);
      if (status == Framer::kNeedMore) break;
      if (status == Framer::kError) return log + framer.describe_error();
      const std::size_t taken = framer.taken();
      require(taken > 0 || dropped > 0, "no progress");
      require(taken <= arrived.size(), "a frame beyond the input");
      log += framer.describe(view, arrived.text(), dropped);
      arrived.remove(taken);
      dropped = 0;
    }
    require(framer.scanned() <= arrived.size(), "more scanned than arrived");
    require(framer.announced_size() >= framer.scanned(), "less announced than scanned");
    if (caller != Caller::kDrops) continue;
    const std::size_t count = framer.scanned();
    framer.drop(count);
    arrived.remove(count);
    dropped += count;
  }
  return log + "more " + std::to_string(dropped + arrived.size()) + " of " +
         std::to_string(dropped + std::max(framer.announced_size(), arrived.size())) + "\n";
}

class FedRequests {
 public:
  static constexpr int kNeedMore = 0;
  static constexpr int kError = 1;
  static constexpr int kFrame = 2;

  FedRequests(const RequestLimits& limits, Caller caller) : limits_(limits), caller_(caller) {}

  int next(Bytes view) {
    status_ = framer_.next(view.data, view.size, limits_);
    if (status_ == FrameStatus::kNeedMore) return kNeedMore;
    return status_ == FrameStatus::kProtocolError ? kError : kFrame;
  }
  [[nodiscard]] std::size_t taken() const { return framer_.consumed(); }
  [[nodiscard]] std::size_t scanned() const { return framer_.scanned(); }
  [[nodiscard]] std::size_t announced_size() const { return framer_.announced_size(); }
  void drop(std::size_t count) { framer_.drop(count); }
  [[nodiscard]] std::string describe_error() const {
    return "error " + printable(framer_.error()) + "\n";
  }

  [[nodiscard]] std::string describe(Bytes view, std::string_view original,
                                     std::size_t dropped) const {
    const std::string size = std::to_string(dropped + framer_.consumed());
    if (status_ == FrameStatus::kEmpty) return "empty " + size + "\n";
    if (caller_ == Caller::kDrops) return "frame " + size + describe_dropped() + "\n";
    const Bytes frame = framer_.frame();
    // A multibulk frame is the input itself, of which a forgetful caller has overwritten the front.
    const std::string_view text = frame.data == view.data ? original : frame.text();
    std::string line = "frame " + size + ":";
    std::vector<std::string> args;
    for (const Arg& arg : framer_.args()) {
      require(std::size_t{arg.offset} + arg.length + 2 <= frame.size, "an argument out of bounds");
      args.emplace_back(text.substr(arg.offset, arg.length));
      line += " " + printable(args.back());
    }
    require(text.substr(0, frame.size) == multibulk(args), "a frame that is not canonical");
    return line + "\n";
  }

 private:
  [[nodiscard]] std::string describe_dropped() const {
    return ": " + std::to_string(framer_.args().size()) + " arguments";
  }

  RequestFramer framer_;
  RequestLimits limits_;
  Caller caller_;
  FrameStatus status_ = FrameStatus::kNeedMore;
};

class FedReplies {
 public:
  static constexpr ReplyStatus kNeedMore = ReplyStatus::kNeedMore;
  static constexpr ReplyStatus kError = ReplyStatus::kProtocolError;

  ReplyStatus next(Bytes view) { return framer_.next(view.data, view.size); }
  [[nodiscard]] std::size_t taken() const { return framer_.frame_size(); }
  [[nodiscard]] std::size_t scanned() const { return framer_.scanned(); }
  [[nodiscard]] std::size_t announced_size() const { return framer_.announced_size(); }
  void drop(std::size_t count) { framer_.drop(count); }
  [[nodiscard]] static std::string describe_error() { return "error\n"; }

  [[nodiscard]] std::string describe(Bytes /*view*/, std::string_view /*original*/,
                                     std::size_t dropped) const {
    return std::string(framer_.is_push() ? "push " : "reply ") +
           static_cast<char>(framer_.type()) + " " +
           std::to_string(dropped + framer_.frame_size()) + "\n";
  }

 private:
  ReplyFramer framer_;
};

}  // namespace detail

/// What the framers say about an input that arrives in pieces, one line per event, and at last how
/// far they got. Aborts if a framer breaks its contract (no progress, offsets out of bounds,
/// announced size below what is there). Every call sees a buffer of its own of exactly the size, so
/// that AddressSanitizer notices reads beyond it or pointers kept.
///
///   frame 22: GET key        (size on the wire, arguments; with kDrops only their number)
///   empty 4
///   error invalid bulk length
///   more 7 of 11             (bytes arrived and bytes announced of an unfinished frame)
[[nodiscard]] inline std::string feed_requests(std::string_view input, const Pieces& pieces,
                                               const RequestLimits& limits, Caller caller) {
  detail::FedRequests framer(limits, caller);
  return detail::feed(framer, input, pieces, caller);
}

/// Likewise for replies: `reply $ 11`, `push > 20`, `error`, `more 3 of 9`.
[[nodiscard]] inline std::string feed_replies(std::string_view input, const Pieces& pieces,
                                              Caller caller) {
  detail::FedReplies framer;
  return detail::feed(framer, input, pieces, caller);
}

}  // namespace slotgate::test
