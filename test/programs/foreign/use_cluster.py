"""What a Python program does through redis-py's RedisCluster; ends with 0 only if all of it works.

Usage: use_cluster.py PORT FUNCTION
"""
import sys
import redis

PORT = int(sys.argv[1])
client = redis.RedisCluster(host="127.0.0.1", port=PORT, decode_responses=True)


def keys():
    for i in range(200):
        assert client.set("pc:%d" % i, i)
    assert [client.get("pc:%d" % i) for i in range(200)] == [str(i) for i in range(200)]
    assert client.mset_nonatomic({"pc:many:%d" % i: i for i in range(50)})
    names = ["pc:many:%d" % i for i in range(50)]
    assert client.mget_nonatomic(names) == [str(i) for i in range(50)]
    assert client.delete(*names) == 50
    with client.pipeline() as pipeline:
        for i in range(200):
            pipeline.get("pc:%d" % i)
        assert pipeline.execute() == [str(i) for i in range(200)]


def one_slot():
    assert client.mset({"{pc}a": 1, "{pc}b": 2})
    assert client.mget("{pc}b", "{pc}a") == ["2", "1"]
    client.delete("{pc}n")
    assert client.eval("return redis.call('INCR', KEYS[1])", 1, "{pc}n") == 1
    sha = client.script_load("return KEYS[1]")
    assert client.evalsha(sha, 1, "{pc}n") == "{pc}n"


def adding_up():
    names = sorted("pc:all:%d" % i for i in range(200))
    for name in names:
        client.set(name, "")
    assert sorted(set(client.scan_iter("pc:all:*"))) == names
    primaries = redis.RedisCluster.PRIMARIES
    assert sorted(client.keys("pc:all:*", target_nodes=primaries)) == names
    assert client.dbsize(target_nodes=primaries) == len(client.keys("*", target_nodes=primaries))


def publish_and_subscribe():
    subscriber = client.pubsub()
    subscriber.subscribe("pc:news")
    assert subscriber.get_message(timeout=5)["type"] == "subscribe"
    client.publish("pc:news", "hello")
    assert subscriber.get_message(timeout=5)["data"] == "hello"


def many():
    for first in range(0, 20000, 1000):
        with client.pipeline() as pipeline:
            for i in range(first, first + 1000):
                pipeline.set("pc:many:%d" % i, i)
            assert all(pipeline.execute())


globals()[sys.argv[2]]()
