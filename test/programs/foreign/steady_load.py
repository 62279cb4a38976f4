"""A program that increments keys until the key PREFIX + "stop" exists; prints what failed, if anything.

Usage: steady_load.py HOST PORT plain|cluster PER_SECOND PREFIX
"""
import sys
import time
import logging
import redis

# Redirects are logged with a traceback before they are followed.
logging.disable()
host, port, kind, per_second, prefix = sys.argv[1:]
connect = redis.RedisCluster if kind == "cluster" else redis.Redis
client = connect(host=host, port=int(port))
done = 0
while not client.exists(prefix + "stop"):
    try:
        client.incr(prefix + "python:%d" % (done % 200))
        done += 1
    except redis.RedisError as error:
        print("%s: %r" % (kind, error))
    time.sleep(1 / float(per_second))
assert done > 0
