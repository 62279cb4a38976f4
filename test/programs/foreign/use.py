"""What a Python program does through redis-py; ends with 0 only if all of it works.

Usage: use.py PORT FUNCTION
"""
import asyncio
import sys
import threading
import redis
import redis.asyncio

PORT = int(sys.argv[1])
client = redis.Redis(port=PORT)


def data_types():
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
    assert client.eval("return {KEYS[1], ARGV[1]}", 1, "py:key", "v") == [b"py:key", b"v"]
    assert client.delete(*[b"py:%d" % i for i in range(50)]) == 50
    try:
        client.lpush("py:hash", 1)
        raise SystemExit("a wrong type was accepted")
    except redis.ResponseError as error:
        assert "WRONGTYPE" in str(error), error


def pipelines():
    pipeline = client.pipeline(transaction=False)
    for i in range(5000):
        pipeline.incr("py:count:%d" % (i % 100))
    assert pipeline.execute() == [i // 100 + 1 for i in range(5000)]


def transactions():
    with client.pipeline() as pipeline:
        pipeline.set("{py}n", 1).incr("{py}n").lpush("{py}n", "x").get("{py}n")
        ok, two, error, text = pipeline.execute(raise_on_error=False)
    assert (ok, two, text) == (True, 2, b"2"), (ok, two, text)
    assert isinstance(error, redis.ResponseError) and "WRONGTYPE" in str(error), error


def watch():
    def double(pipeline):
        n = int(pipeline.get("{py}watched"))
        if not others:
            others.append(redis.Redis(port=PORT).incr("{py}watched"))
        pipeline.multi()
        pipeline.set("{py}watched", 2 * n)

    others = []
    client.set("{py}watched", 1)
    assert client.transaction(double, "{py}watched") == [True]
    assert client.get("{py}watched") == b"4", "the first attempt was not refused"
    with client.pipeline() as pipeline:
        pipeline.watch("{py}watched")
        client.incr("{py}watched")
        pipeline.multi()
        pipeline.set("{py}watched", 0)
        try:
            pipeline.execute()
            raise SystemExit("WATCH did not notice")
        except redis.WatchError:
            pass


def publish_and_subscribe():
    subscriber = client.pubsub()
    subscriber.subscribe("py:a", "py:b")
    subscriber.psubscribe("py:news.*")
    messages = subscriber.listen()
    assert [next(messages)["data"] for _ in range(3)] == [1, 2, 3]
    assert client.pubsub_numsub("py:a", "py:none") == [(b"py:a", 1), (b"py:none", 0)]
    assert client.publish("py:a", "1") == 1
    assert client.publish("py:news.x", "2") == 1
    assert client.publish("py:none", "3") == 0
    heard = [next(messages) for _ in range(2)]
    assert {(m["channel"], m["data"]) for m in heard} == {(b"py:a", b"1"), (b"py:news.x", b"2")}
    subscriber.close()


def scan():
    keys = {b"py:scan:%d" % i for i in range(1000)}
    client.mset({key: "v" for key in keys})
    assert set(client.scan_iter(match="py:scan:*", count=100)) == keys
    client.hset("py:scanned", mapping={str(i): i for i in range(1000)})
    assert len(dict(client.hscan_iter("py:scanned"))) == 1000


def scripts():
    bump = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    keys = ["py:bump:%d" % i for i in range(20)]
    assert [bump(keys=[key], args=[2]) for key in keys] == [2] * 20
    assert client.script_flush()
    assert [bump(keys=[key], args=[3]) for key in keys] == [5] * 20
    pipeline = client.pipeline(transaction=False)
    assert client.script_flush()
    for key in keys:
        bump(keys=[key], args=[5], client=pipeline)
    assert pipeline.execute() == [10] * 20


def blocking():
    assert client.blpop(["py:queue"], timeout=0.01) is None
    pusher = threading.Timer(0.05, lambda: client.rpush("py:queue", "job"))
    pusher.start()
    assert client.blpop("py:queue", timeout=0) == (b"py:queue", b"job")
    pusher.join()


def locks():
    with client.lock("py:lock", timeout=20) as lock:
        assert lock.owned()
        assert not client.lock("py:lock", timeout=20, blocking=False).acquire()
        assert lock.extend(20)
    assert client.lock("py:lock", timeout=20).acquire(blocking=False)


def asynchronous():
    async def use():
        one = redis.asyncio.Redis(port=PORT)
        await asyncio.gather(*[one.set("py:async:%d" % i, i) for i in range(100)])
        values = await asyncio.gather(*[one.get("py:async:%d" % i) for i in range(100)])
        assert values == [b"%d" % i for i in range(100)]
        async with one.pipeline(transaction=True) as pipeline:
            assert await pipeline.set("{py}async", 1).incr("{py}async").execute() == [True, 2]
        subscriber = one.pubsub()
        await subscriber.subscribe("py:async")
        assert (await subscriber.get_message(timeout=10))["type"] == "subscribe"
        assert await one.publish("py:async", "1") == 1
        assert (await subscriber.get_message(timeout=10))["data"] == b"1"
        await subscriber.close()
        await one.close()

    asyncio.run(use())


globals()[sys.argv[2]]()
