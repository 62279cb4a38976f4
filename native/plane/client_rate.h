#pragma once

#include <memory>

#include "plane/pace.h"

namespace slotgate {

struct AddressPaces;

/// What a client has used of its rates. Only clients of databases that limit rates have one.
struct ClientRate {
  Pace commands;
  Pace bytes;
  /// Null where rates of addresses are not limited, and for clients without an address.
  std::shared_ptr<AddressPaces> address;
  bool reserved = false;  ///< a command of its address was set aside for it
  bool waits = false;     ///< nothing is read or parsed for it until it may go on
};

}  // namespace slotgate
