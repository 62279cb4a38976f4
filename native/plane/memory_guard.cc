#include "plane/memory_guard.h"

#include <algorithm>

#include "plane/client_bytes.h"
#include "plane/clients.h"
#include "plane/worker.h"

namespace slotgate {

namespace {

constexpr std::uint64_t kRestMs = 3'000;
/// What one turn may add before nothing more is read in it: this part of the worker's part of the
/// budget, but not less than kTurnLeast.
constexpr std::uint64_t kTurnPart = 16;
constexpr std::uint64_t kTurnLeast = 1024 * 1024;

/// Databases are measured this often, and this often when noticeably more is in use than before;
/// less often where there are so many clients that it would take more than a hundredth of the time.
constexpr std::uint64_t kMeasureMs = 100;
constexpr std::uint64_t kMeasureGrowingMs = 20;
constexpr std::uint64_t kClientsPerMs = 100;
/// What is noticeable: this part of the smallest budget's part, but not less than kNoticeableLeast.
constexpr std::int64_t kNoticeablePart = 50;
constexpr std::int64_t kNoticeableLeast = 64 * 1024;
/// What another worker measured counts for so long.
constexpr std::uint64_t kFreshMs = 500;

}  // namespace

MemoryGuard::MemoryGuard(WorkerContext& context, WorkerCounters& counters,
                         MemoryLedger& ledger) noexcept
    : context_(context),
      ledger_(ledger),
      process_(context, nullptr,
               {counters.memory_full, counters.memory_stopped_now, counters.memory_stops,
                counters.memory_closed}) {}

void MemoryGuard::set_budget(std::uint64_t bytes) {
  process_.set_budget(bytes);
  const std::uint64_t part = bytes / context_.workers;
  turn_allowance_ = bytes == 0 ? INT64_MAX / 2
                               : static_cast<std::int64_t>(std::max(kTurnLeast, part / kTurnPart));
  plan();
}

void MemoryGuard::settings_changed(const Database& database) {
  const std::uint64_t budget = database.limits().memory_bytes_max;
  Capped* found = capped(database);
  if (found == nullptr) {
    if (budget == 0) return;
    DatabaseMemory& memory = ledger_.of(database.id);
    DatabaseMemory::Page& page = memory.page(context_.worker);
    databases_.push_back(std::make_unique<Capped>(Capped{
        &database, &memory,
        MemoryCap(context_, &database, {page.full, page.stopped_now, page.stops, page.closed})}));
    found = databases_.back().get();
  }
  if (found->cap.budget() == budget) return;
  found->cap.set_budget(budget);
  if (budget == 0) found->memory->page(context_.worker).measured_at_ms.set(0);
  looked_at_ms_ = 0;
  plan();
}

void MemoryGuard::plan() {
  databases_act_at_ = INT64_MAX;
  databases_hurried_ = false;
  for (const auto& each : databases_) {
    databases_act_at_ = std::min(databases_act_at_, each->cap.act_at());
    databases_hurried_ = databases_hurried_ || !each->cap.at_ease();
  }
  act_at_ = std::min(databases_act_at_, process_.act_at());
  hurried_ = databases_hurried_ || !process_.at_ease();
}

MemoryGuard::Capped* MemoryGuard::capped(const Database& database) {
  for (const auto& each : databases_) {
    if (each->database == &database) return each.get();
  }
  return nullptr;
}

bool MemoryGuard::refuses(const Database& database) {
  if (process_.refuses(total_())) {
    context_.counters->memory_refused.add();
    return true;
  }
  const Capped* const found = capped(database);
  if (found == nullptr ||
      !found->cap.refuses(found->memory->total_since(context_.now_ms - kFreshMs))) {
    return false;
  }
  found->memory->page(context_.worker).refused.add();
  return true;
}

void MemoryGuard::act(std::int64_t used) {
  if (used >= process_.act_at() || !process_.at_ease())
    process_.act(total_().bytes, context_.counters->memory_bytes.get());
  if (used >= databases_act_at_ || databases_hurried_) look_at_databases(used);
  hurried_ = databases_hurried_ || !process_.at_ease();
}

void MemoryGuard::look_at_databases(std::int64_t used) {
  least_since_look_ = std::min(least_since_look_, used);
  const std::int64_t noticeable = std::max(kNoticeableLeast, databases_act_at_ / kNoticeablePart);
  const bool grows = used - least_since_look_ >= noticeable;
  // What has come in just now may rest from now on: it is looked at once more.
  databases_hurried_ = databases_hurried_ || grows;
  const std::uint64_t least_ms = context_.clients.used() / kClientsPerMs;
  const std::uint64_t pause = std::max(grows ? kMeasureGrowingMs : kMeasureMs, least_ms);
  if (context_.now_ms - looked_at_ms_ < pause) return;
  looked_at_ms_ = context_.now_ms;
  least_since_look_ = used;
  measure();
  databases_hurried_ = grows;
  for (const auto& each : databases_) {
    if (each->cap.budget() == 0) continue;
    const bool is_over_its_part = static_cast<std::int64_t>(each->measured) >= each->cap.act_at();
    if (is_over_its_part || !each->cap.at_ease()) databases_hurried_ |= ask_others(*each);
    each->cap.act(each->memory->total_since(context_.now_ms - kFreshMs).bytes, each->measured);
    databases_hurried_ = databases_hurried_ || !each->cap.at_ease();
  }
}

void MemoryGuard::measure() {
  measured_at_ms_ = context_.now_ms;
  for (const auto& each : databases_) each->measured = 0;
  context_.client_io->for_each([&](const Client& client) {
    Capped* const found = capped(*client.database);
    if (found == nullptr || found->cap.budget() == 0) return;
    found->measured +=
        sizeof(Client) + client.in_flight * sizeof(Request) + client_bytes(context_, client).own;
  });
  for (const auto& each : databases_) {
    for (const auto& server : each->database->servers) {
      for (const auto& link : server->links) {
        each->measured +=
            link->stream.capacity() + link->partial.capacity() + link->handshake.capacity();
      }
    }
    if (each->cap.budget() == 0) continue;
    DatabaseMemory::Page& page = each->memory->page(context_.worker);
    page.bytes.set(each->measured);
    page.measured_at_ms.set(context_.now_ms);
  }
}

bool MemoryGuard::ask_others(const Capped& capped) {
  bool is_missing = false;
  for (std::uint32_t worker = 0; worker < context_.workers; ++worker) {
    const std::uint64_t measured_at_ms = capped.memory->page(worker).measured_at_ms.get();
    if (worker == context_.worker || context_.now_ms < measured_at_ms + kMeasureMs) continue;
    context_.post(worker, [](Worker& other) { other.memory().measure_for_others(); });
    is_missing = is_missing || context_.now_ms > measured_at_ms + kFreshMs;
  }
  return is_missing;
}

void MemoryGuard::measure_for_others() {
  if (context_.now_ms - measured_at_ms_ >= kMeasureGrowingMs) measure();
}

void MemoryGuard::close(Client& client) {
  Capped* const found = capped(*client.database);
  const bool is_for_process = (client.stopped_by & kStoppedForProcess) != 0;
  (is_for_process || found == nullptr ? process_ : found->cap).close(client);
}

void MemoryGuard::tick() {
  WorkerCounters& counters = *context_.counters;
  Counter* const figures[kMemoryKinds] = {&counters.memory_input,        &counters.memory_output,
                                          &counters.memory_requests,     &counters.memory_links,
                                          &counters.memory_transactions, &counters.memory_chunks,
                                          &counters.memory_records};
  for (std::size_t kind = 0; kind < kMemoryKinds; ++kind)
    figures[kind]->set(
        static_cast<std::uint64_t>(std::max<std::int64_t>(memory_use.by_kind[kind], 0)));
  if (context_.now_ms < next_rest_ms_) return;
  next_rest_ms_ = context_.now_ms + kRestMs;
  context_.clients.rest();
  context_.requests.rest();
  context_.joins.rest();
}

}  // namespace slotgate
