#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/command_table.h"
#include "core/request_framer.h"

namespace slotgate {

/// A request for a command that clients call otherwise, as servers know it.
class RenamedRequest {
 public:
  /// `frame` is in multibulk form.
  void set(const Command& command, Bytes frame, const std::vector<Arg>& args);
  /// Valid until the next set().
  [[nodiscard]] Bytes frame() const noexcept { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] const std::vector<Arg>& args() const noexcept { return args_; }

 private:
  /// More is given back with the next request.
  static constexpr std::size_t kBytesKept = 64 * 1024;

  std::vector<std::uint8_t> bytes_;
  std::vector<Arg> args_;
};

}  // namespace slotgate
