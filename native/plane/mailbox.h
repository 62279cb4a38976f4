#pragma once

#include <uv.h>

#include <functional>
#include <mutex>
#include <vector>

namespace slotgate {

class Worker;

/// Something that is to be done on a worker's thread, between two turns.
using Order = std::function<void(Worker&)>;

/// Orders for one worker, from any thread. Wakes the worker only when it has nothing to read yet.
class Mailbox {
 public:
  /// Owned by the worker's loop; `on_mail` runs on the worker's thread.
  void open(uv_loop_t* loop, void* owner, uv_async_cb on_mail) {
    uv_async_init(loop, &async_, on_mail);
    async_.data = owner;
    open_ = true;
  }
  /// False if the worker has ended: the order is dropped.
  bool post(Order order) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!open_) return false;
    const bool wake = orders_.empty();
    orders_.push_back(std::move(order));
    if (wake) uv_async_send(&async_);
    return true;
  }
  [[nodiscard]] std::vector<Order> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::move(orders_);
  }
  /// Later orders are dropped. The handle is closed by the loop.
  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
    orders_.clear();
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
  }

 private:
  std::mutex mutex_;
  std::vector<Order> orders_;
  uv_async_t async_{};
  bool open_ = false;
};

}  // namespace slotgate
