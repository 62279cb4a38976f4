#include <string>
#include <thread>
#include <vector>

#include "plane/script_store.h"
#include "test/check.h"

namespace slotgate::test {
namespace {

Sha1Digest learn(ScriptStore& store, const std::string& body) {
  return store.learn(bytes_of(body)).digest;
}

TEST(a_script_is_known_by_its_digest) {
  ScriptStore store;
  const ScriptStore::Learned learned = store.learn(bytes_of("return 1"));
  CHECK(learned.is_new);
  CHECK_EQ(hex_text(learned.digest), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  CHECK(!store.learn(bytes_of("return 1")).is_new);
  CHECK(store.has(learned.digest));
  const auto load = store.load_request(learned.digest);
  CHECK(load != nullptr);
  CHECK_EQ(*load, "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n");
  CHECK(ScriptStore::is_load_request(*load));
  std::string body;
  CHECK(store.body(learned.digest, body));
  CHECK_EQ(body, "return 1");
}

TEST(any_bytes_are_a_body) {
  ScriptStore store;
  for (const std::string& bytes : {std::string(), std::string("\r\n\0x\r\n", 6)}) {
    std::string body = "?";
    CHECK(store.body(learn(store, bytes), body));
    CHECK_EQ(body, bytes);
  }
}

TEST(the_script_that_was_not_used_for_longest_is_forgotten_first) {
  ScriptStore store;
  const std::string kilobyte(1024, ' ');
  store.set_limit(3 * (kilobyte.size() + 512));
  const Sha1Digest first = learn(store, kilobyte + "1");
  const Sha1Digest second = learn(store, kilobyte + "2");
  const Sha1Digest third = learn(store, kilobyte + "3");
  CHECK(store.touch(first));
  const Sha1Digest fourth = learn(store, kilobyte + "4");
  CHECK(store.has(first));
  CHECK(!store.has(second));
  CHECK(store.has(third));
  CHECK(store.has(fourth));
  store.set_limit(0);
  CHECK(!store.has(first));
  CHECK(!store.touch(fourth));
}

TEST(a_body_larger_than_the_limit_is_not_kept) {
  ScriptStore store;
  store.set_limit(1000);
  const Sha1Digest small = learn(store, "return 1");
  const ScriptStore::Learned large = store.learn(bytes_of(std::string(1000, ' ')));
  CHECK(!large.is_new);
  CHECK(!store.has(large.digest));
  CHECK(store.has(small));
}

TEST(clearing_and_learning_are_noticed) {
  ScriptStore store;
  const std::uint64_t generation = store.generation();
  const std::uint64_t additions = store.additions();
  const Sha1Digest digest = learn(store, "return 1");
  CHECK_EQ(store.generation(), generation);
  CHECK(store.additions() != additions);
  store.clear();
  CHECK(store.generation() != generation);
  CHECK(!store.has(digest));
  CHECK(store.load_request(digest) == nullptr);
  learn(store, "return 1");
  store.forget(digest);
  CHECK(!store.has(digest));
}

TEST(threads_share_a_store) {
  ScriptStore store;
  store.set_limit(16 * 1024);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&store, thread] {
      for (int i = 0; i < 2000; ++i) {
        const Sha1Digest digest = learn(store, "return " + std::to_string(i % 100));
        if (const auto load = store.load_request(digest); load != nullptr)
          CHECK(ScriptStore::is_load_request(*load));
        if (i % 500 == thread) store.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string body;
  CHECK(store.body(learn(store, "return 1"), body));
}

}  // namespace
}  // namespace slotgate::test
