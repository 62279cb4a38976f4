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

replies = client.multi { |block| block.set("{rb}n", 1); block.incr("{rb}n"); block.get("{rb}n") }
same ["OK", 2, "2"], replies
other = Redis.new(port: ARGV[0].to_i)
same(nil, client.watch("{rb}n") { other.incr("{rb}n"); client.multi { |b| b.set("{rb}n", 0) } })
same "3", client.get("{rb}n")
same 50, client.scan_each(match: "rb:count:*", count: 100).to_a.uniq.size
same(nil, client.blpop("rb:none", timeout: 0.01))
heard = []
other.subscribe("rb:a") do |on|
  on.subscribe { same 1, client.publish("rb:a", "x") }
  on.message { |channel, text| heard << [channel, text] && other.unsubscribe }
end
same [["rb:a", "x"]], heard
