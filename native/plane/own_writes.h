#pragma once

#include "plane/client.h"
#include "plane/database.h"
#include "plane/up_queue.h"

namespace slotgate {

/// What a client has written, and over which links. Servers tell of what came over one connection
/// (how far it is replicated, or on disk), so they can be asked about writes over links of the
/// client's own that it has still, and about no others. The servers are counted modulo 64.

/// The client's requests go over links of its own from now on, and over shared ones again.
void begin_own_writes(Client& client) noexcept;
void end_own_writes(Client& client) noexcept;
/// The client, which has links of its own, lost the one to `server`, or the server is no primary
/// any more: what it has written there is not what it has now.
void lose_own_writes(Client& client, const Server& server) noexcept;
/// The client was told that it cannot know about what it has written until now.
void count_own_writes_anew(Client& client) noexcept;
/// Fills in what the control plane is told of this with the client's command.
void tell_writes(const Client& client, ControlRequest& up);

}  // namespace slotgate
