"""What a Python program does through python3-redis; ends with 0 only if all of it works."""
import sys
import redis

client = redis.Redis(host="127.0.0.1", port=int(sys.argv[1]))
assert client.ping()
assert client.mset({b"py:%d" % i: i for i in range(50)})
assert client.mget([b"py:%d" % i for i in range(50)]) == [b"%d" % i for i in range(50)]
assert client.set(b"py:\x00\r\n\xff", bytes(range(256)))
assert client.get(b"py:\x00\r\n\xff") == bytes(range(256))
assert client.hset("py:hash", mapping={"a": 1, "b": 2}) == 2
assert client.hgetall("py:hash") == {b"a": b"1", b"b": b"2"}
assert client.rpush("py:list", 1, 2, 3) == 3
assert client.lrange("py:list", 0, -1) == [b"1", b"2", b"3"]
assert client.zadd("py:zset", {"x": 1.5, "y": 2}) == 2
assert client.zrange("py:zset", 0, -1, withscores=True) == [(b"x", 1.5), (b"y", 2.0)]
assert client.xadd("py:stream", {"f": "v"}, id="1-1") == b"1-1"
assert client.xread({"py:stream": "0"}) == [[b"py:stream", [(b"1-1", {b"f": b"v"})]]]
pipeline = client.pipeline(transaction=False)
for i in range(5000):
    pipeline.incr("py:count:%d" % (i % 100))
assert pipeline.execute() == [i // 100 + 1 for i in range(5000)]
assert client.eval("return {KEYS[1], ARGV[1]}", 1, "py:key", "v") == [b"py:key", b"v"]
assert client.delete(*[b"py:%d" % i for i in range(50)]) == 50
try:
    client.lpush("py:hash", 1)
    raise SystemExit("a wrong type was accepted")
except redis.ResponseError as error:
    assert "WRONGTYPE" in str(error), error
