#include "plane/script_store.h"

#include "plane/reply_text.h"

namespace slotgate {

namespace {

constexpr std::string_view kLoad = "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n";
/// Beside the body: the request's other bytes, the map's and the list's nodes.
constexpr std::size_t kOverheadBytes = 256;

std::size_t cost_of(std::string_view load_request) noexcept {
  return load_request.size() + kOverheadBytes;
}

}  // namespace

bool ScriptStore::is_load_request(std::string_view request) noexcept {
  return request.starts_with(kLoad);
}

std::string_view ScriptStore::body_in(std::string_view load_request) noexcept {
  const std::size_t begin = load_request.find("\r\n", kLoad.size()) + 2;
  return load_request.substr(begin, load_request.size() - begin - 2);
}

void ScriptStore::set_limit(std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  limit_ = bytes;
  shrink();
}

ScriptStore::Learned ScriptStore::learn(Bytes body) {
  const Sha1Digest digest = sha1(body);
  if (touch(digest)) return {digest, false};
  auto load = std::make_shared<std::string>(kLoad);
  load->append(bulk_reply(body.text()));
  const std::lock_guard<std::mutex> lock(mutex_);
  // One that is too large must not push out all others.
  if (cost_of(*load) > limit_) return {digest, false};
  const auto [it, is_new] = scripts_.try_emplace(digest);
  if (!is_new) return {digest, false};
  bytes_ += cost_of(*load);
  by_use_.push_front(digest);
  it->second = {std::move(load), by_use_.begin()};
  shrink();
  additions_.fetch_add(1, std::memory_order_release);
  return {digest, true};
}

std::shared_ptr<const std::string> ScriptStore::load_request(const Sha1Digest& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = scripts_.find(digest);
  if (it == scripts_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, it->second.place);
  return it->second.load;
}

bool ScriptStore::body(const Sha1Digest& digest, std::string& out) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = scripts_.find(digest);
  if (it == scripts_.end()) return false;
  out = body_in(*it->second.load);
  return true;
}

bool ScriptStore::touch(const Sha1Digest& digest) { return load_request(digest) != nullptr; }

bool ScriptStore::has(const Sha1Digest& digest) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return scripts_.contains(digest);
}

void ScriptStore::forget(const Sha1Digest& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = scripts_.find(digest);
  if (it != scripts_.end()) drop(it);
}

void ScriptStore::clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  scripts_.clear();
  by_use_.clear();
  bytes_ = 0;
  generation_.fetch_add(1, std::memory_order_release);
}

void ScriptStore::drop(std::unordered_map<Sha1Digest, Script, Sha1Hash>::iterator it) {
  bytes_ -= cost_of(*it->second.load);
  by_use_.erase(it->second.place);
  scripts_.erase(it);
}

void ScriptStore::shrink() {
  while (bytes_ > limit_) drop(scripts_.find(by_use_.back()));
}

}  // namespace slotgate
