# What a Ruby program does through ruby-redis; ends with 0 only if all of it works.
require "redis"

def same(expected, actual)
  abort "expected #{expected.inspect}, got #{actual.inspect}" unless expected == actual
end

client = Redis.new(host: "127.0.0.1", port: ARGV[0].to_i)
same "PONG", client.ping
same "OK", client.mset("rb:a", 1, "rb:b", 2, "rb:c", 3)
same ["3", nil, "1"], client.mget("rb:c", "rb:none", "rb:a")
binary = (0..255).to_a.pack("C*")
same "OK", client.set("rb:\0\r\n\xff", binary)
same binary, client.get("rb:\0\r\n\xff").b
client.hset("rb:hash", "f", "v")
same({ "f" => "v" }, client.hgetall("rb:hash"))
same 3, client.rpush("rb:list", %w[x y z])
same %w[x y z], client.lrange("rb:list", 0, -1)
replies = client.pipelined { |pipeline| 2000.times { |i| pipeline.incr("rb:count:#{i % 50}") } }
same((0...2000).map { |i| i / 50 + 1 }, replies)
same 3, client.del("rb:a", "rb:b", "rb:c", "rb:none")
