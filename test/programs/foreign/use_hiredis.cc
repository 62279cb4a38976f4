// What a C or C++ program does through hiredis; ends with 0 only if all of it works.
// Usage: use_hiredis PORT
#include <hiredis/hiredis.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

namespace {

struct Free {
  void operator()(redisContext* context) const { redisFree(context); }
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, Free>;
using Reply = std::unique_ptr<redisReply, Free>;

void same(const char* what, const std::string& expected, const std::string& actual) {
  if (expected == actual) return;
  std::fprintf(stderr, "%s: expected %s, got %s\n", what, expected.c_str(), actual.c_str());
  std::exit(1);
}

Context connect_to(int port) {
  Context context(redisConnect("127.0.0.1", port));
  same("connect", "", context == nullptr ? "no memory" : context->errstr);
  return context;
}

std::string text_of(const redisReply* reply) {
  if (reply == nullptr) return "lost";
  switch (reply->type) {
    case REDIS_REPLY_NIL:
      return "nil";
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_ARRAY: {
      std::string text = "[";
      for (size_t i = 0; i < reply->elements; i++) {
        text += (i > 0 ? " " : "") + text_of(reply->element[i]);
      }
      return text + "]";
    }
    default:
      return std::string(reply->str, reply->len);
  }
}

Reply take(const Context& context) {
  void* reply = nullptr;
  if (redisGetReply(context.get(), &reply) != REDIS_OK) same("reply", "", context->errstr);
  return Reply(static_cast<redisReply*>(reply));
}

std::string next(const Context& context) { return text_of(take(context).get()); }

Reply call(const Context& context, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  redisvAppendCommand(context.get(), format, arguments);
  va_end(arguments);
  return take(context);
}

#define CALL(...) text_of(call(__VA_ARGS__).get())

void pipelines(const Context& client) {
  for (int i = 0; i < 2000; i++) redisAppendCommand(client.get(), "INCR hi:count:%d", i % 50);
  for (int i = 0; i < 2000; i++) same("INCR", std::to_string(i / 50 + 1), next(client));
  same("MSET", "OK", CALL(client, "MSET hi:a 1 hi:b 2 hi:c 3"));
  same("MGET", "[3 nil 1]", CALL(client, "MGET hi:c hi:none hi:a"));
  same("SET", "OK", CALL(client, "SET %b %b", "hi:\0\r\n", size_t{6}, "\0\r\n\xff", size_t{4}));
  same("GET", std::string("\0\r\n\xff", 4), CALL(client, "GET %b", "hi:\0\r\n", size_t{6}));
  same("DEL", "3", CALL(client, "DEL hi:a hi:b hi:c hi:none"));
}

void transactions(const Context& client, const Context& other) {
  same("MULTI", "OK", CALL(client, "MULTI"));
  same("SET", "QUEUED", CALL(client, "SET {hi}n 1"));
  same("INCR", "QUEUED", CALL(client, "INCR {hi}n"));
  same("unseen", "nil", CALL(other, "GET {hi}n"));
  same("EXEC", "[OK 2]", CALL(client, "EXEC"));
  for (const char* command : {"MULTI", "INCR {hi}n", "GET {hi}n", "EXEC"}) {
    redisAppendCommand(client.get(), command);
  }
  for (const char* reply : {"OK", "QUEUED", "QUEUED", "[3 3]"}) same("block", reply, next(client));
  same("WATCH", "OK", CALL(client, "WATCH {hi}n"));
  same("INCR", "4", CALL(other, "INCR {hi}n"));
  same("MULTI", "OK", CALL(client, "MULTI"));
  same("SET", "QUEUED", CALL(client, "SET {hi}n 0"));
  same("EXEC", "nil", CALL(client, "EXEC"));
  same("MULTI", "OK", CALL(client, "MULTI"));
  same("DISCARD", "OK", CALL(client, "DISCARD"));
  same("GET", "4", CALL(client, "GET {hi}n"));
}

void subscriptions(const Context& client, const Context& subscriber) {
  same("SUBSCRIBE", "[subscribe hi:a 1]", CALL(subscriber, "SUBSCRIBE hi:a"));
  same("PSUBSCRIBE", "[psubscribe hi:news.* 2]", CALL(subscriber, "PSUBSCRIBE hi:news.*"));
  same("PUBLISH", "1", CALL(client, "PUBLISH hi:a one"));
  same("message", "[message hi:a one]", next(subscriber));
  same("PUBLISH", "1", CALL(client, "PUBLISH hi:news.x two"));
  same("pmessage", "[pmessage hi:news.* hi:news.x two]", next(subscriber));
  same("PING", "[pong ]", CALL(subscriber, "PING"));
  same("UNSUBSCRIBE", "[unsubscribe hi:a 1]", CALL(subscriber, "UNSUBSCRIBE"));
  same("PUNSUBSCRIBE", "[punsubscribe hi:news.* 0]", CALL(subscriber, "PUNSUBSCRIBE"));
  same("PUBLISH", "0", CALL(client, "PUBLISH hi:a three"));
  same("PING", "PONG", CALL(subscriber, "PING"));
}

void scan(const Context& client) {
  for (int i = 0; i < 1000; i++) redisAppendCommand(client.get(), "SET hi:scan:%d v", i);
  for (int i = 0; i < 1000; i++) same("SET", "OK", next(client));
  std::set<std::string> found;
  std::string cursor = "0";
  do {
    Reply reply = call(client, "SCAN %s MATCH hi:scan:* COUNT 100", cursor.c_str());
    if (reply->type != REDIS_REPLY_ARRAY) same("SCAN", "an array", text_of(reply.get()));
    cursor = text_of(reply->element[0]);
    const redisReply* keys = reply->element[1];
    for (size_t i = 0; i < keys->elements; i++) found.insert(text_of(keys->element[i]));
  } while (cursor != "0");
  same("SCAN", "1000", std::to_string(found.size()));
}

void blocking(const Context& client, const Context& other) {
  same("BLPOP", "nil", CALL(client, "BLPOP hi:queue 0.01"));
  redisAppendCommand(client.get(), "BLPOP hi:queue 0");
  redisAppendCommand(client.get(), "LLEN hi:queue");
  int is_written = 0;
  while (is_written == 0 && redisBufferWrite(client.get(), &is_written) == REDIS_OK) continue;
  same("RPUSH", "2", CALL(other, "RPUSH hi:queue x y"));
  same("BLPOP", "[hi:queue x]", next(client));
  same("LLEN", "1", next(client));
}

}  // namespace

int main(int, char** arguments) {
  const int port = std::atoi(arguments[1]);
  const Context client = connect_to(port);
  const Context other = connect_to(port);
  pipelines(client);
  transactions(client, other);
  subscriptions(client, other);
  scan(client);
  blocking(client, other);
  return 0;
}
