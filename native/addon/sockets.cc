#include "addon/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "addon/convert.h"
#include "addon/system_error.h"

namespace slotgate {

namespace {

constexpr double kInt32Most = 2147483647.0;

struct ListenAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
};

bool tcp_address(const std::string& host, std::uint16_t port, ListenAddress& out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.address);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.address);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
    return true;
  }
  return false;
}

bool unix_address(const std::string& path, ListenAddress& out) {
  auto* local = reinterpret_cast<sockaddr_un*>(&out.address);
  if (path.size() >= sizeof local->sun_path) return false;
  local->sun_family = AF_UNIX;
  std::memcpy(local->sun_path, path.c_str(), path.size() + 1);
  out.size = sizeof *local;
  return true;
}

int bind_socket(const ListenAddress& address, bool probe, const char*& failed) {
  const int fd = socket(address.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  failed = "socket";
  if (fd < 0) return -errno;
  const int on = 1;
  if (address.address.ss_family != AF_UNIX) {
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
#ifdef SO_REUSEPORT
    if (!probe) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
#endif
  }
  if (address.address.ss_family == AF_INET6) {
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  failed = "bind";
  const int status = bind(fd, reinterpret_cast<const sockaddr*>(&address.address), address.size);
  if (status != 0 || probe) {
    const int number = status != 0 ? errno : 0;
    close(fd);
    return -number;
  }
  return fd;
}

Napi::Value bind_listener(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  FieldReader reader(env);
  if (info.Length() != 1 || !info[0].IsObject()) {
    reader.fail("bindListener's argument", "an object");
    reader.throw_error();
    return env.Undefined();
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  const std::string host = reader.text(options, "host");
  const std::string path = reader.text(options, "path");
  const auto port = static_cast<std::uint16_t>(reader.number(options, "port", 0, 65535));
  const auto mode = static_cast<int>(reader.number(options, "mode", -1, 0777));
  const bool probe = reader.boolean(options, "probe");
  ListenAddress address;
  if (!reader.failed() &&
      !(path.empty() ? tcp_address(host, port, address) : unix_address(path, address))) {
    reader.fail(path.empty() ? "host" : "path",
                path.empty() ? "a numeric address" : "shorter than 108 bytes");
  }
  if (reader.failed()) {
    reader.throw_error();
    return env.Undefined();
  }
  const char* failed = "";
  const int fd = bind_socket(address, probe, failed);
  if (fd < 0) {
    throw_errno(env, failed, -fd);
    return env.Undefined();
  }
  if (!path.empty() && !probe && mode >= 0 && chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) {
    const int number = errno;
    close(fd);
    throw_errno(env, "chmod", number);
    return env.Undefined();
  }
  return Napi::Number::New(env, fd);
}

void start_listening(const Napi::CallbackInfo& info) {
  if (info.Length() != 2 || !is_whole(info[0], 0, kInt32Most) ||
      !is_whole(info[1], 0, kInt32Most)) {
    Napi::TypeError::New(info.Env(), "startListening takes a descriptor and a backlog")
        .ThrowAsJavaScriptException();
    return;
  }
  if (listen(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value()) !=
      0) {
    throw_errno(info.Env(), "listen", errno);
  }
}

void close_descriptor(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !is_whole(info[0], 0, kInt32Most)) {
    Napi::TypeError::New(info.Env(), "closeDescriptor takes a descriptor")
        .ThrowAsJavaScriptException();
    return;
  }
  if (close(info[0].As<Napi::Number>().Int32Value()) != 0) throw_errno(info.Env(), "close", errno);
}

}  // namespace

void define_sockets(Napi::Env env, Napi::Object exports) {
  exports.Set("bindListener", Napi::Function::New<bind_listener>(env, "bindListener"));
  exports.Set("startListening", Napi::Function::New<start_listening>(env, "startListening"));
  exports.Set("closeDescriptor", Napi::Function::New<close_descriptor>(env, "closeDescriptor"));
}

}  // namespace slotgate
