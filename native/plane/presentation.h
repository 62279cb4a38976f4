#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/crc16.h"

namespace slotgate {

/// What clients are shown that came in through one endpoint from one part of the network.
/// Immutable; shared by all workers of a database. The default is a stand-alone server.
struct Presentation {
  /// In `slot_to_target`: the slot is served here.
  static constexpr std::uint16_t kHere = 0xffff;

  std::string hello_mode = "standalone";  ///< the word behind `mode` in the reply to HELLO
  bool shows_cluster = false;             ///< READONLY, READWRITE and ASKING are accepted
  bool one_slot_only = false;             ///< keys of several slots are refused, never split
  /// For each slot an index into `targets`, or kHere; empty: all slots are served here.
  std::vector<std::uint16_t> slot_to_target;
  std::vector<std::string> targets;  ///< `host:port`, as MOVED names it

  /// Keys have to be looked at before their request may be executed.
  [[nodiscard]] bool restricts() const noexcept { return one_slot_only || !targets.empty(); }
};

/// By number. A number keeps its meaning; what it stands for may be published again.
using Presentations = std::vector<Presentation>;

/// The clients of one worker that are shown the same presentation. Never moves, and stays for as
/// long as its database: what is published changes what its clients are shown.
class Audience {
 public:
  explicit Audience(std::uint16_t number) noexcept : number_(number) {}

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
  [[nodiscard]] const Presentation& sees() const noexcept { return *sees_; }
  /// True if requests with a key of `slot` are not for this proxy.
  [[nodiscard]] bool is_elsewhere(std::uint16_t slot) const noexcept {
    return slot_to_target_ != nullptr && slot_to_target_[slot] != Presentation::kHere;
  }
  /// What is answered to such requests.
  [[nodiscard]] std::string moved_reply(std::uint16_t slot) const {
    return "-MOVED " + std::to_string(slot) + " " + sees_->targets[slot_to_target_[slot]] + "\r\n";
  }
  void show(std::shared_ptr<const Presentation> presentation) noexcept {
    sees_ = std::move(presentation);
    slot_to_target_ = sees_->slot_to_target.empty() ? nullptr : sees_->slot_to_target.data();
  }

  std::uint32_t clients = 0;  ///< that are not closing

 private:
  /// Null while nothing is elsewhere: all that the fast path looks at.
  const std::uint16_t* slot_to_target_ = nullptr;
  std::shared_ptr<const Presentation> sees_ = std::make_shared<const Presentation>();
  std::uint16_t number_;
};

/// Some audiences of a database, as orders name them.
struct AudienceNames {
  std::uint32_t database = 0;
  std::vector<std::uint16_t> numbers;
};

/// All audiences of a database in one worker, by the number of their presentation.
class Audiences {
 public:
  /// Also of a number that was never published: it is shown what number 0 is.
  [[nodiscard]] Audience& of(std::uint16_t number) {
    while (audiences_.size() <= number) {
      audiences_.push_back(
          std::make_unique<Audience>(static_cast<std::uint16_t>(audiences_.size())));
      audiences_.back()->show(presentation(audiences_.size() - 1));
    }
    return *audiences_[number];
  }
  /// Numbers that are missing in `published` are shown what number 0 is.
  void publish(std::shared_ptr<const Presentations> published) {
    published_ = std::move(published);
    for (std::size_t i = 0; i < audiences_.size(); ++i) audiences_[i]->show(presentation(i));
  }
  /// Clients of the audiences of these numbers.
  [[nodiscard]] std::uint32_t count(const std::vector<std::uint16_t>& numbers) const noexcept {
    std::uint32_t sum = 0;
    for (const std::uint16_t number : numbers) {
      if (number < audiences_.size()) sum += audiences_[number]->clients;
    }
    return sum;
  }

 private:
  [[nodiscard]] std::shared_ptr<const Presentation> presentation(std::size_t number) const {
    if (!published_ || published_->empty()) return std::make_shared<const Presentation>();
    const std::size_t shown = number < published_->size() ? number : 0;
    return {published_, &(*published_)[shown]};
  }

  std::vector<std::unique_ptr<Audience>> audiences_;
  std::shared_ptr<const Presentations> published_;
};

}  // namespace slotgate
