#pragma once

#include "test/plane_support.h"

namespace slotgate::test {

/// A primary of all slots and its replicas, whose links for reads are open.
struct ReplicatedShard {
  /// `setup` as for TestPlane; `replicas` is how many there are, at most two.
  explicit ReplicatedShard(PlaneSetup setup = {}, std::size_t replicas = 1);

  FakeServer primary;
  FakeServer replica;
  FakeServer second;
  TestPlane plane;

  /// Reads may be sent to these servers from the next publish() on; to none: the primary alone.
  void read_from(std::vector<std::uint16_t> servers);
  /// Waits until `links` links were opened, asking for a key in vain.
  void open_links(std::uint64_t links);
};

/// Names of keys of different slots, also modulo 64.
[[nodiscard]] std::string other_key(int number);

}  // namespace slotgate::test
