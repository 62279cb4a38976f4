#include "plane/pubsub_census.h"

#include <algorithm>
#include <mutex>

#include "core/glob.h"

namespace slotgate {

std::int64_t PubSubCensus::Entry::links_at(std::string_view node) const noexcept {
  for (const auto& [where, count] : links) {
    if (where == node) return count;
  }
  return 0;
}

std::int64_t PubSubCensus::Entry::all_links() const noexcept {
  std::int64_t sum = 0;
  for (const auto& [node, count] : links) sum += count;
  return sum;
}

PubSubCensus::Entry& PubSubCensus::entry(std::uint32_t database, PubSubFamily family,
                                         const std::string& name) {
  return databases_[database][static_cast<std::size_t>(family)][name];
}

void PubSubCensus::drop_if_empty(std::uint32_t database, PubSubFamily family,
                                 const std::string& name) {
  Names& all = databases_[database][static_cast<std::size_t>(family)];
  const auto it = all.find(name);
  if (it->second.clients == 0 && it->second.links.empty()) all.erase(it);
}

const PubSubCensus::Names* PubSubCensus::names(std::uint32_t database, PubSubFamily family) const {
  const auto it = databases_.find(database);
  return it == databases_.end() ? nullptr : &it->second[static_cast<std::size_t>(family)];
}

void PubSubCensus::add_client(std::uint32_t database, PubSubFamily family, const std::string& name,
                              std::int32_t by) {
  const std::unique_lock lock(mutex_);
  entry(database, family, name).clients += by;
  drop_if_empty(database, family, name);
  total_.fetch_add(static_cast<std::uint64_t>(by), std::memory_order_relaxed);
}

void PubSubCensus::add_link(std::uint32_t database, PubSubFamily family, const std::string& name,
                            const std::string& node, std::int32_t by) {
  const std::unique_lock lock(mutex_);
  auto& links = entry(database, family, name).links;
  auto it = std::find_if(links.begin(), links.end(),
                         [&](const auto& other) { return other.first == node; });
  if (it == links.end()) it = links.insert(it, {node, 0});
  it->second += by;
  if (it->second == 0) links.erase(it);
  drop_if_empty(database, family, name);
  total_.fetch_add(static_cast<std::uint64_t>(by), std::memory_order_relaxed);
}

std::int64_t PubSubCensus::receivers(std::uint32_t database, bool shard, const std::string& channel,
                                     const std::string& node) const {
  const std::shared_lock lock(mutex_);
  std::int64_t sum = 0;
  const auto add = [&](const Entry& entry) { sum += entry.clients - entry.links_at(node); };
  const Names* direct = names(database, shard ? PubSubFamily::kShard : PubSubFamily::kChannel);
  if (direct == nullptr) return 0;
  if (const auto it = direct->find(channel); it != direct->end()) add(it->second);
  if (shard) return sum;
  for (const auto& [pattern, entry] : *names(database, PubSubFamily::kPattern)) {
    if (glob_matches(pattern, channel)) add(entry);
  }
  return sum;
}

std::vector<PubSubCensus::Count> PubSubCensus::counts(std::uint32_t database, PubSubFamily family,
                                                      const std::vector<std::string>& asked) const {
  const std::shared_lock lock(mutex_);
  std::vector<Count> result(asked.size());
  const Names* all = names(database, family);
  for (std::size_t i = 0; all != nullptr && i < asked.size(); ++i) {
    const auto it = all->find(asked[i]);
    if (it != all->end()) result[i] = {it->second.clients, it->second.all_links()};
  }
  return result;
}

std::vector<std::pair<std::string, std::int64_t>> PubSubCensus::without_clients(
    std::uint32_t database, PubSubFamily family) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::pair<std::string, std::int64_t>> result;
  const Names* all = names(database, family);
  if (all == nullptr) return result;
  for (const auto& [name, entry] : *all) {
    if (entry.clients == 0) result.emplace_back(name, entry.all_links());
  }
  return result;
}

PubSubCensus::Count PubSubCensus::patterns(std::uint32_t database) const {
  const std::shared_lock lock(mutex_);
  Count count;
  const Names* all = names(database, PubSubFamily::kPattern);
  if (all == nullptr) return count;
  for (const auto& [pattern, entry] : *all) {
    if (entry.clients != 0) ++count.clients;
    count.links += std::ssize(entry.links);
  }
  return count;
}

}  // namespace slotgate
