// Nanoseconds per operation of native/core: framing, hashing, lookup, replies.
// Build and run from the repository root:
//   g++ -std=c++20 -O3 -flto -fno-exceptions -fno-rtti -I native -o build/core_bench
//     bench/native/core_bench.cc $(sed -n 's|^core/|native/core/|p' native/sources.txt)
//   build/core_bench
// (the first command on one line).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/command_table.h"
#include "core/crc16.h"
#include "core/reply_framer.h"
#include "core/request_framer.h"
#include "core/router.h"

namespace {

using slotgate::Bytes;
using slotgate::bytes_of;

/// Keeps the compiler from removing the measured work.
volatile std::uint64_t sink = 0;

template <typename Work>
void measure(const char* name, std::uint64_t operations, Work work) {
  constexpr int kRounds = 7;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    sink = sink + work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    const double each = spent.count() / static_cast<double>(operations);
    if (round == 0 || each < best) best = each;
  }
  std::printf("%-44s %7.2f ns\n", name, best);
}

std::string request(const std::vector<std::string>& args) {
  std::string text = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    text += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
  return text;
}

std::string key_of(int number) {
  std::string digits = std::to_string(number);
  return "key:" + std::string(12 - digits.size(), '0') + digits;
}

/// 64 KiB of requests as a client's pipeline would bring them.
template <typename MakeArgs>
std::string pipeline(int count, MakeArgs make_args) {
  std::string text;
  for (int i = 0; i < count; ++i) text += request(make_args(i * 7919 % 1000000));
  return text;
}

std::uint64_t frame_all(slotgate::RequestFramer& framer, const std::string& text) {
  const slotgate::RequestLimits limits;
  const Bytes bytes = bytes_of(text);
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < bytes.size; at += framer.consumed()) {
    if (framer.next(bytes.data + at, bytes.size - at, limits) != slotgate::FrameStatus::kComplete) {
      std::abort();
    }
    sum += framer.args().size();
  }
  return sum;
}

std::uint64_t frame_replies(slotgate::ReplyFramer& framer, const std::string& text) {
  const Bytes bytes = bytes_of(text);
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < bytes.size; at += framer.frame_size()) {
    if (framer.next(bytes.data + at, bytes.size - at) != slotgate::ReplyStatus::kComplete) {
      std::abort();
    }
    sum += framer.type();
  }
  return sum;
}

slotgate::CommandRow row(const char* name, std::int32_t arity, std::int32_t last,
                         std::int32_t step) {
  slotgate::CommandRow made;
  made.name = name;
  made.arity = arity;
  slotgate::KeySpec spec;
  spec.begin = slotgate::KeySpec::Begin::kIndex;
  spec.begin_index = 1;
  spec.find = slotgate::KeySpec::Find::kRange;
  spec.last_key = last;
  spec.key_step = step;
  made.key_specs.push_back(spec);
  if (last < 0) {
    made.split = slotgate::Split::kAllOk;
    made.split_step = static_cast<std::uint8_t>(step);
  }
  return made;
}

std::shared_ptr<const slotgate::CommandTable> make_table() {
  std::vector<slotgate::CommandRow> rows{row("get", 2, 0, 1), row("set", -3, 0, 1),
                                         row("mset", -3, -1, 2), row("zrangebyscore", -4, 0, 1)};
  for (int i = 0; i < 396; ++i) rows.push_back(row(("other" + std::to_string(i)).c_str(), 2, 0, 1));
  std::string error;
  return slotgate::CommandTable::build(std::move(rows), error);
}

}  // namespace

int main() {
  constexpr int kCount = 1000;
  constexpr int kRepeats = 200;
  const auto table = make_table();
  slotgate::RequestFramer framer;
  const auto get = pipeline(kCount, [](int n) {
    return std::vector<std::string>{"GET", key_of(n)};
  });
  const auto set = pipeline(kCount, [](int n) {
    return std::vector<std::string>{"SET", key_of(n), std::string(64, 'v')};
  });
  const auto set_1k = pipeline(kCount, [](int n) {
    return std::vector<std::string>{"SET", key_of(n), std::string(1024, 'v')};
  });
  const auto mset_args = [](int n) {
    std::vector<std::string> args{"MSET"};
    for (int i = 0; i < 10; ++i) {
      args.push_back(key_of((n + i * 131) % 1000000));
      args.push_back(std::string(64, 'v'));
    }
    return args;
  };
  const auto mset = pipeline(kCount, mset_args);
  const auto repeat = [](auto work) {
    return [work] {
      std::uint64_t sum = 0;
      for (int i = 0; i < kRepeats; ++i) sum += work();
      return sum;
    };
  };
  const std::uint64_t total = std::uint64_t{kCount} * kRepeats;
  measure("frame GET key:<12>", total, repeat([&] { return frame_all(framer, get); }));
  measure("frame SET, 64 bytes", total, repeat([&] { return frame_all(framer, set); }));
  measure("frame SET, 1 KiB", total, repeat([&] { return frame_all(framer, set_1k); }));
  measure("frame MSET of 10, 64 bytes", total, repeat([&] { return frame_all(framer, mset); }));

  std::vector<std::string> keys;
  std::vector<std::string> tagged;
  for (int i = 0; i < kCount; ++i) {
    keys.push_back(key_of(i * 7919 % 1000000));
    tagged.push_back("{user:" + std::to_string(i) + "}:profile");
  }
  const auto hash_all = [](const std::vector<std::string>& list) {
    std::uint64_t sum = 0;
    for (const std::string& key : list) sum += slotgate::slot_for_key(bytes_of(key));
    return sum;
  };
  measure("slot of a 16-byte key", total, repeat([&] { return hash_all(keys); }));
  measure("slot of a key with a hash tag", total, repeat([&] { return hash_all(tagged); }));

  const std::vector<std::string> names{"GET", "set", "MSET", "ZRANGEBYSCORE", "nosuch"};
  measure("find a command, 1 of 5 names", total, repeat([&] {
            std::uint64_t sum = 0;
            for (int i = 0; i < kCount; ++i) {
              const auto* command = table->find(bytes_of(names[static_cast<std::size_t>(i) % 5]));
              sum += command == nullptr ? 1U : command->id;
            }
            return sum;
          }));

  const std::string one_mset = request(mset_args(42));
  const slotgate::RequestLimits limits;
  if (framer.next(bytes_of(one_mset).data, one_mset.size(), limits) !=
      slotgate::FrameStatus::kComplete) {
    return 1;
  }
  const slotgate::Command* const command = table->find(bytes_of("mset"));
  slotgate::SplitPlan plan;
  std::vector<std::uint8_t> out(one_mset.size() * 2);
  measure("plan and write MSET of 10", total, repeat([&] {
            std::uint64_t sum = 0;
            for (int i = 0; i < kCount; ++i) {
              plan_split(*command, framer.frame(), framer.args(), plan);
              std::uint8_t* end = out.data();
              for (std::uint32_t part = 0; part < plan.parts.size(); ++part) {
                end = write_split_part(*command, framer.frame(), framer.args(), plan, part, end);
              }
              sum += static_cast<std::uint64_t>(end - out.data());
            }
            return sum;
          }));

  slotgate::ReplyFramer replies;
  const auto many = [](const std::string& reply) {
    std::string text;
    for (int i = 0; i < kCount; ++i) text += reply;
    return text;
  };
  const std::string ok = many("+OK\r\n");
  const std::string integer = many(":12345\r\n");
  const std::string bulk = many("$64\r\n" + std::string(64, 'v') + "\r\n");
  const std::string array = many("*10\r\n" + [] {
    std::string text;
    for (int i = 0; i < 10; ++i) text += "$64\r\n" + std::string(64, 'v') + "\r\n";
    return text;
  }());
  measure("frame +OK", total, repeat([&] { return frame_replies(replies, ok); }));
  measure("frame :12345", total, repeat([&] { return frame_replies(replies, integer); }));
  measure("frame a 64-byte bulk string", total,
          repeat([&] { return frame_replies(replies, bulk); }));
  measure("frame an array of 10 bulk strings", total,
          repeat([&] { return frame_replies(replies, array); }));
  return 0;
}
