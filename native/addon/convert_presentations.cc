// What clients are shown, and which of them what.
#include <algorithm>

#include "addon/convert.h"
#include "core/reply_framer.h"

namespace slotgate {

namespace {

constexpr double kNumberMost = 65535;

/// MOVED names it between blanks, at the end of a line.
bool is_target(const std::string& text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

void read_targets(FieldReader& reader, const Napi::Object& value, Presentation& presentation) {
  presentation.targets = reader.texts(value, "targets");
  if (!std::all_of(presentation.targets.begin(), presentation.targets.end(), is_target))
    reader.fail("targets", "host:port, without blanks");
  if (presentation.targets.size() >= Presentation::kHere)
    reader.fail("targets", "fewer than 65535");
  std::vector<std::uint16_t> slots =
      reader.slots(value, "slotToTarget", presentation.targets.size(), "targets");
  const bool any = std::any_of(slots.begin(), slots.end(),
                               [](std::uint16_t target) { return target != Presentation::kHere; });
  if (any) presentation.slot_to_target = std::move(slots);
}

Presentation read_presentation(FieldReader& reader, const Napi::Object& value) {
  Presentation presentation;
  const std::vector<const char*> modes = {"standalone", "cluster"};
  presentation.hello_mode = modes[reader.word(value, "helloMode", modes)];
  presentation.shows_cluster = reader.boolean(value, "showsCluster");
  presentation.one_slot_only = reader.boolean(value, "oneSlotOnly");
  read_targets(reader, value, presentation);
  return presentation;
}

AddressRange read_range(FieldReader& reader, const char* name, const std::string& text) {
  const std::optional<AddressRange> range = parse_address_range(text);
  if (!range) reader.fail(name, "an address, or address/bits, not '" + text + "'");
  return range.value_or(AddressRange{});
}

std::vector<PeerRule> read_peer_rules(FieldReader& reader, const Napi::Array& values) {
  std::vector<PeerRule> rules;
  for (std::uint32_t i = 0; i < values.Length() && !reader.failed(); ++i) {
    const Napi::Object value = reader.element(values, i, "peers");
    const std::string cidr = reader.text(value, "cidr");
    PeerRule& rule = rules.emplace_back();
    rule.presentation =
        static_cast<std::uint16_t>(reader.number(value, "presentation", 0, kNumberMost));
    if (!cidr.empty()) rule.range = read_range(reader, "cidr", cidr);
  }
  if (rules.empty() || rules.back().range) reader.fail("peers", "a list whose last cidr is ''");
  return rules;
}

}  // namespace

std::shared_ptr<Presentations> read_presentations(FieldReader& reader, const Napi::Array& values) {
  auto presentations = std::make_shared<Presentations>();
  if (values.Length() > kNumberMost + 1) reader.fail("presentations", "at most 65536");
  for (std::uint32_t i = 0; i < values.Length() && !reader.failed(); ++i) {
    const Napi::HandleScope scope(values.Env());
    presentations->push_back(read_presentation(reader, reader.element(values, i, "presentations")));
  }
  return presentations;
}

std::vector<std::uint16_t> read_presentation_numbers(FieldReader& reader,
                                                     const Napi::Array& values) {
  std::vector<std::uint16_t> numbers;
  for (std::uint32_t i = 0; i < values.Length() && !reader.failed(); ++i) {
    const Napi::Value value = values.Get(i);
    if (is_whole(value, 0, kNumberMost)) {
      numbers.push_back(static_cast<std::uint16_t>(value.As<Napi::Number>().Uint32Value()));
    } else {
      reader.fail("presentations", "whole numbers from 0 to 65535");
    }
  }
  return numbers;
}

std::string read_push(FieldReader& reader, const Napi::Value& value) {
  std::string frame;
  if (!value.IsEmpty() && value.IsBuffer()) {
    const auto bytes = value.As<Napi::Buffer<char>>();
    frame.assign(bytes.Data(), bytes.Length());
  }
  ReplyFramer framer;
  const Bytes bytes = bytes_of(frame);
  const bool is_push = frame.starts_with('>') &&
                       framer.next(bytes.data, bytes.size) == ReplyStatus::kComplete &&
                       framer.frame_size() == frame.size();
  if (!is_push) reader.fail("frame", "a Buffer with one RESP3 push");
  return frame;
}

ListenerRules read_listener_rules(FieldReader& reader, const Napi::Object& value) {
  ListenerRules rules;
  const Napi::Value peers = value.Get("peers");
  if (peers.IsArray()) rules.peers = read_peer_rules(reader, peers.As<Napi::Array>());
  if (!peers.IsArray()) reader.fail("peers", "an array");
  rules.trusts_unix_sockets = reader.boolean(value, "trustsUnixSockets");
  for (const std::string& sender : reader.texts(value, "senders"))
    rules.senders.push_back(read_range(reader, "senders", sender));
  return rules;
}

}  // namespace slotgate
