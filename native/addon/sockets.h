#pragma once

#include <napi.h>

namespace slotgate {

/// Adds to `exports`:
///   bindListener({host, port, path, mode, probe}): number   a bound descriptor that does not
///   listen
///     yet; throws an Error with `code` (EADDRINUSE …). TCP listeners of one address may be bound
///     several times (SO_REUSEPORT), once per worker; `probe: true` binds without it, closes it and
///     returns 0, so that a foreign listener is noticed. `mode` is that of the unix socket's file;
///     -1 leaves it to the umask.
///   startListening(fd, backlog): void
///   closeDescriptor(fd): void
void define_sockets(Napi::Env env, Napi::Object exports);

}  // namespace slotgate
