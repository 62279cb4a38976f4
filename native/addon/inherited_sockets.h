#pragma once

#include <napi.h>

namespace slotgate {

/// Adds to `exports`:
///   adoptListener(fd): {host, port, path}   what a descriptor that this process was started with
///   is
///     bound to: a numeric address and port, or the path of a unix socket, the rest empty. From
///     then on programs that are started do not get it, and it does not block. Throws an Error with
///     `code` (EBADF, ENOTSOCK …, EINVAL if it is no bound stream socket).
///   sendDatagram(path, text): void   to a unix socket; a path that begins with `@` is a name in
///   the
///     abstract namespace. Never waits; throws an Error with `code`.
void define_inherited_sockets(Napi::Env env, Napi::Object exports);

}  // namespace slotgate
