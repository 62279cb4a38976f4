#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plane/address_book.h"
#include "plane/memory_ledger.h"
#include "plane/pubsub_census.h"
#include "plane/up_queue.h"
#include "plane/worker.h"

namespace slotgate {

/// The data plane of one environment: its workers, and the way to and from them.
/// All methods but the ones marked otherwise are for the thread that made it.
class Plane {
 public:
  /// `wake` is called from worker threads when take_up() has something new; it must not block.
  Plane(std::uint32_t workers, std::function<void()> wake);
  ~Plane();
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  /// False if a thread could not be started; stop() is still to be called.
  [[nodiscard]] bool start();
  /// Closes everything and joins the threads. Can be called again.
  void stop();

  [[nodiscard]] std::uint32_t workers() const noexcept {
    return static_cast<std::uint32_t>(workers_.size());
  }
  [[nodiscard]] const WorkerCounters& counters(std::uint32_t worker) const noexcept {
    return workers_[worker]->counters();
  }
  /// Any thread.
  void post(std::uint32_t worker, Order order) { workers_[worker]->post(std::move(order)); }
  [[nodiscard]] Worker& worker(std::uint32_t number) noexcept { return *workers_[number]; }
  void post_all(const Order& order) {
    for (const auto& worker : workers_) worker->post(order);
  }
  /// What workers sent up since the last call.
  [[nodiscard]] UpBatch take_up() { return up_.take(); }

  /// Any thread.
  [[nodiscard]] PubSubCensus& census() noexcept { return census_; }
  [[nodiscard]] AddressBook& addresses() noexcept { return addresses_; }
  [[nodiscard]] MemoryLedger& memory_ledger() noexcept { return memory_ledger_; }

  // For workers.
  /// Worker threads: hands a turn's batch over.
  void send_up(UpBatch& batch) {
    if (up_.push(batch)) wake_();
  }
  /// Worker threads: who should have a connection that `acceptor` accepted. Keeps the numbers of
  /// clients within a quarter of each other without asking anybody.
  [[nodiscard]] std::uint32_t worker_for_new_client(std::uint32_t acceptor) const noexcept;
  /// Worker threads: what all workers use.
  [[nodiscard]] MemoryTotal memory_total() const noexcept;
  /// Worker threads: clients of all workers, and connections whose header is awaited.
  [[nodiscard]] std::uint32_t client_count() const noexcept;

 private:
  UpQueue up_;
  PubSubCensus census_;
  AddressBook addresses_;
  MemoryLedger memory_ledger_;
  std::function<void()> wake_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace slotgate
