#pragma once

#include <uv.h>

#include <cstdint>

namespace slotgate {

/// What a socket is ready for.
struct Readiness {
  bool readable = false;
  bool writable = false;
  /// The peer closed its side while nothing was being read (see Watcher::watch).
  bool disconnected = false;
  /// An error is pending: recv what is left, then give the socket up.
  bool failed = false;
};

/// Readiness of one socket on a worker's loop. The owner embeds it and must outlive close().
///
/// Changing what is watched costs two system calls (libuv removes and adds the descriptor), so the
/// owners change it only when they must.
class Watcher {
 public:
  using Callback = void (*)(void* owner, Readiness readiness);
  using Closed = void (*)(void* owner);

  /// 0, or a negative libuv error; then nothing was opened.
  int open(uv_loop_t* loop, int fd, void* owner, Callback callback) noexcept;
  /// While `read` is false, the peer's closing is reported once.
  void watch(bool read, bool write) noexcept;
  [[nodiscard]] bool reading() const noexcept { return (events_ & UV_READABLE) != 0; }
  [[nodiscard]] bool writing() const noexcept { return (events_ & UV_WRITABLE) != 0; }
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  /// Stops, and calls `closed` from the loop when the memory may go.
  void close(Closed closed) noexcept;

 private:
  static void on_poll(uv_poll_t* handle, int status, int events) noexcept;

  uv_poll_t poll_{};
  void* owner_ = nullptr;
  Callback callback_ = nullptr;
  Closed closed_ = nullptr;
  int events_ = 0;
  bool open_ = false;
  bool disconnect_reported_ = false;
};

}  // namespace slotgate
