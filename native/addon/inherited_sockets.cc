#include "addon/inherited_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "addon/convert.h"
#include "addon/system_error.h"

namespace slotgate {

namespace {

constexpr double kInt32Most = 2147483647.0;

struct Bound {
  std::string host;
  std::string path;
  std::uint16_t port = 0;
};

/// False if the address is of no kind that clients connect to.
bool read_address(const sockaddr_storage& address, socklen_t size, Bound& out) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    out.host = inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    out.port = ntohs(v4->sin_port);
    return out.port != 0;
  }
  if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    out.host = inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    out.port = ntohs(v6->sin6_port);
    return out.port != 0;
  }
  constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
  if (address.ss_family != AF_UNIX || size <= kPathAt) return false;
  const auto* local = reinterpret_cast<const sockaddr_un*>(&address);
  out.path.assign(local->sun_path, strnlen(local->sun_path, size - kPathAt));
  return !out.path.empty();
}

/// 0, or the number of an error.
int inspect(int fd, Bound& bound) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return errno;
  sockaddr_storage address{};
  size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return errno;
  if (type != SOCK_STREAM || !read_address(address, size, bound)) return EINVAL;
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return errno;
  return fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ? errno : 0;
}

Napi::Value adopt_listener(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 1 || !is_whole(info[0], 0, kInt32Most)) {
    Napi::TypeError::New(env, "adoptListener takes a descriptor").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Bound bound;
  const int problem = inspect(info[0].As<Napi::Number>().Int32Value(), bound);
  if (problem != 0) {
    throw_errno(env, "adoptListener", problem);
    return env.Undefined();
  }
  const Napi::Object result = Napi::Object::New(env);
  result.Set("host", bound.host);
  result.Set("port", Napi::Number::New(env, bound.port));
  result.Set("path", bound.path);
  return result;
}

/// 0, or the number of an error.
int send_text(const std::string& path, const std::string& text) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++size;
  }
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const ssize_t sent = sendto(fd, text.data(), text.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), size);
  const int problem = sent < 0 ? errno : 0;
  close(fd);
  return problem;
}

void send_datagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[0].IsString() || !info[1].IsString()) {
    Napi::TypeError::New(env, "sendDatagram takes a path and a text").ThrowAsJavaScriptException();
    return;
  }
  const int problem =
      send_text(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value());
  if (problem != 0) throw_errno(env, "sendDatagram", problem);
}

}  // namespace

void define_inherited_sockets(Napi::Env env, Napi::Object exports) {
  exports.Set("adoptListener", Napi::Function::New<adopt_listener>(env, "adoptListener"));
  exports.Set("sendDatagram", Napi::Function::New<send_datagram>(env, "sendDatagram"));
}

}  // namespace slotgate
