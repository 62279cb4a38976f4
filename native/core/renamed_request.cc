#include "core/renamed_request.h"

#include <array>
#include <string_view>

#include "core/decimal.h"

namespace slotgate {

void RenamedRequest::set(const Command& command, Bytes frame, const std::vector<Arg>& args) {
  // Of a subcommand the first word alone is another one.
  const std::string_view whole = command.row->name;
  const std::string_view name = whole.substr(0, whole.find('|'));
  std::array<std::uint8_t, 32> header{};
  std::uint8_t* end =
      write_length_line(header.data(), '*', static_cast<std::uint32_t>(args.size()));
  end = write_length_line(end, '$', static_cast<std::uint32_t>(name.size()));

  if (bytes_.capacity() > kBytesKept) std::vector<std::uint8_t>().swap(bytes_);
  bytes_.assign(header.data(), end);
  const auto name_at = static_cast<std::uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), name.begin(), name.end());
  const std::uint32_t rest_at = args[0].offset + args[0].length;
  const auto rest_now_at = static_cast<std::uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), frame.data + rest_at, frame.data + frame.size);

  args_ = args;
  args_[0] = {name_at, static_cast<std::uint32_t>(name.size())};
  for (std::size_t i = 1; i < args_.size(); ++i)
    args_[i].offset = args_[i].offset - rest_at + rest_now_at;
}

}  // namespace slotgate
