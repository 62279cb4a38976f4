#include "plane/plane.h"

#include <algorithm>

namespace slotgate {

Plane::Plane(std::uint32_t workers, std::function<void()> wake)
    : memory_ledger_(workers), wake_(std::move(wake)) {
  for (std::uint32_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<Worker>(*this, i));
  for (const auto& worker : workers_) worker->context().workers = workers;
}

Plane::~Plane() { stop(); }

bool Plane::start() {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->start(); });
}

void Plane::stop() {
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
}

std::uint32_t Plane::worker_for_new_client(std::uint32_t acceptor) const noexcept {
  std::uint32_t least = acceptor;
  std::uint64_t fewest = workers_[acceptor]->clients_expected();
  const std::uint64_t own = fewest;
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    const std::uint64_t count = workers_[i]->clients_expected();
    if (count < fewest) {
      fewest = count;
      least = i;
    }
  }
  return own > fewest + fewest / 4 + 2 ? least : acceptor;
}

std::uint32_t Plane::client_count() const noexcept {
  std::uint64_t count = 0;
  for (const auto& worker : workers_) {
    const WorkerCounters& counters = worker->counters();
    count += counters.clients.get() + counters.headers_awaited.get();
  }
  return static_cast<std::uint32_t>(count);
}

MemoryTotal Plane::memory_total() const noexcept {
  MemoryTotal total;
  for (const auto& worker : workers_) {
    total.bytes += worker->counters().memory_bytes.get();
    total.refusing = total.refusing || worker->counters().memory_full.get() != 0;
  }
  return total;
}

}  // namespace slotgate
