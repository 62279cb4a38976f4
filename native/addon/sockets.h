#pragma once

#include <napi.h>

namespace slotgate {

/// Adds to `exports`:
///   openListener({host, port, path, backlog, mode}): number   a listening descriptor; throws an
///     Error with `code` (EADDRINUSE …). TCP listeners of one address may be opened several times
///     (SO_REUSEPORT), once per worker; `probe: true` opens one without it and closes it again, so
///     that a foreign listener is noticed.
///   listenerPort(fd): number                                   the port it got
///   closeDescriptor(fd): void
void define_sockets(Napi::Env env, Napi::Object exports);

}  // namespace slotgate
