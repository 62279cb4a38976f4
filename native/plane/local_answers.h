#pragma once

#include "plane/dispatcher.h"
#include "plane/worker_context.h"

namespace slotgate {

/// Answers a command whose row says `RouteBy::kLocal`, as the row's LocalAnswer says.
Dispatched answer_locally(WorkerContext& context, Client& client, const Command& command,
                          Bytes frame, const std::vector<Arg>& args);

}  // namespace slotgate
