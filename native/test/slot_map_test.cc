#include "core/slot_map.h"

#include "test/check.h"

namespace slotgate::test {

TEST(a_new_map_has_no_owners_and_is_slow) {
  const SlotMap map;
  for (const std::uint16_t slot : {std::uint16_t{0}, std::uint16_t{16383}}) {
    CHECK_EQ(map.owner(slot), SlotMap::kUnassigned);
    CHECK(map.entry(slot) >= SlotMap::kUnassigned);
  }
}

TEST(an_owned_slot_is_fast) {
  SlotMap map;
  map.set_owner(5, 7);
  map.clear_slow(5);
  CHECK_EQ(map.entry(5), 7);
  CHECK_EQ(map.owner(4), SlotMap::kUnassigned);
  CHECK_EQ(map.owner(6), SlotMap::kUnassigned);
}

TEST(the_mark_survives_a_new_owner) {
  SlotMap map;
  map.set_owner(5, 7);
  map.clear_slow(5);
  map.mark_slow(5);
  map.set_owner(5, 8);
  CHECK_EQ(map.owner(5), 8);
  CHECK(map.entry(5) >= SlotMap::kUnassigned);
  map.clear_slow(5);
  CHECK_EQ(map.entry(5), 8);
}

TEST(a_slot_without_owner_stays_slow) {
  SlotMap map;
  map.set_owner(5, 7);
  map.clear_slow(5);
  map.set_owner(5, SlotMap::kUnassigned);
  map.clear_slow(5);
  CHECK(map.entry(5) > SlotMap::kUnassigned);
  CHECK_EQ(map.owner(5), SlotMap::kUnassigned);
}

}  // namespace slotgate::test
