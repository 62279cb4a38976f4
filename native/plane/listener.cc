#include "plane/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "plane/socket.h"

namespace slotgate {

bool Listener::open() {
  const int status = watcher_.open(&context_.loop, fd_, this, [](void* owner, Readiness readiness) {
    if (readiness.readable) static_cast<Listener*>(owner)->accept_some(kAcceptsPerTurn);
  });
  if (status != 0) return false;
  watcher_.watch(true, false);
  return true;
}

void Listener::resume() {
  if (!paused_) return;
  paused_ = false;
  watcher_.watch(true, false);
}

void Listener::close(std::function<void()> closed) {
  closed_ = std::move(closed);
  watcher_.close([](void* owner) {
    // The callback may destroy the listener: it must not live in it while it runs.
    const auto callback = std::move(static_cast<Listener*>(owner)->closed_);
    callback();
  });
}

void Listener::accept_some(std::uint32_t most) {
  for (std::uint32_t i = 0; i < most; ++i) {
    if (!accept_one()) return;
  }
}

bool Listener::accept_one() {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd =
      accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    take_(fd, database_, peer, rules_);
    return true;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    PlaneEvent event;
    event.kind = PlaneEvent::Kind::kOutOfFiles;
    event.text = error_text(errno);
    context_.up.events.push_back(std::move(event));
    // Still readable, and nothing can be done about it: rest until resume().
    paused_ = true;
    watcher_.watch(false, false);
  }
  return false;
}

}  // namespace slotgate
