#pragma once

#include "plane/worker_context.h"

namespace slotgate {

/// Makes a client what it was when it connected: user, protocol, name, and whatever it asked the
/// connection to remember. For a client that waits for the answer to RESET and nothing else.
void reset_client(WorkerContext& context, Client& client);

}  // namespace slotgate
