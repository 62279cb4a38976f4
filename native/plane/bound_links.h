#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slotgate {

/// Another client that is told which keys are no longer what was read, instead of the reader.
struct InvalidationTarget {
  std::uint64_t client_id = 0;  ///< 0: nobody, the client itself is told
  std::uint32_t client_index = 0;
};

/// An invalidation that is told when the reply to `request` has been sent.
struct WaitingInvalidation {
  std::uint32_t request;
  std::string frame;
};

/// What a client asked of its connection at the servers, so that its requests cannot share links.
struct BoundLinks {
  /// Requests that each of its private links begins with, a list of words each.
  std::vector<std::vector<std::string>> setup;
  /// Sent in front of the setup on links that it has already.
  std::vector<std::vector<std::string>> teardown;
  /// The word of the last request of the setup that is to be the id of a connection of ours; -1: no
  /// word. Invalidations go there and are handed to `target`.
  std::int32_t target_word = -1;
  InvalidationTarget target;
  bool tracks = false;  ///< it is told of changed keys
  bool everywhere =
      false;  ///< … of keys that it has not read, too: it needs a link to every primary
  bool by_choice = false;  ///< only reads behind `before_next` are remembered
  std::string state;       ///< the control plane's; goes up with the client's control commands

  bool settled = false;  ///< it has begun: a link that is opened now may have missed something
  bool target_gone = false;
  /// In front of the client's next command, on each link that it goes to.
  std::string before_next;
  /// Invalidations that belong behind the reply to a request.
  std::vector<WaitingInvalidation> behind;
};

}  // namespace slotgate
