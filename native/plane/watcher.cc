#include "plane/watcher.h"

namespace slotgate {

int Watcher::open(uv_loop_t* loop, int fd, void* owner, Callback callback) noexcept {
  const int status = uv_poll_init(loop, &poll_, fd);
  if (status != 0) return status;
  poll_.data = this;
  owner_ = owner;
  callback_ = callback;
  closed_ = nullptr;
  events_ = 0;
  open_ = true;
  disconnect_reported_ = false;
  return 0;
}

void Watcher::watch(bool read, bool write) noexcept {
  if (!open_) return;
  int events =
      (read ? static_cast<int>(UV_READABLE) : 0) | (write ? static_cast<int>(UV_WRITABLE) : 0);
  if (!read && !disconnect_reported_) events |= UV_DISCONNECT;
  if (events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(&poll_);
  } else {
    uv_poll_start(&poll_, events, on_poll);
  }
}

void Watcher::close(Closed closed) noexcept {
  if (!open_) return;
  open_ = false;
  closed_ = closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* self = static_cast<Watcher*>(handle->data);
    self->closed_(self->owner_);
  });
}

void Watcher::on_poll(uv_poll_t* handle, int status, int events) noexcept {
  auto* self = static_cast<Watcher*>(handle->data);
  Readiness readiness;
  if (status < 0) {
    // libuv reports POLLERR as UV_EBADF and has stopped the handle.
    self->events_ = 0;
    readiness.failed = true;
  } else {
    readiness.readable = (events & UV_READABLE) != 0;
    readiness.writable = (events & UV_WRITABLE) != 0;
    readiness.disconnected = (events & UV_DISCONNECT) != 0;
    if (readiness.disconnected) {
      // Level triggered: watched on, it would be reported in every turn.
      self->disconnect_reported_ = true;
      self->watch(self->reading(), self->writing());
    }
  }
  self->callback_(self->owner_, readiness);
}

}  // namespace slotgate
