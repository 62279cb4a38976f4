<?php
/** What a PHP program does through php-redis; ends with 0 only if all of it works. */
function same(mixed $expected, mixed $actual): void
{
    if ($expected !== $actual) {
        fwrite(STDERR, 'expected ' . var_export($expected, true) . ', got ' . var_export($actual, true));
        exit(1);
    }
}

$client = new Redis();
$client->connect('127.0.0.1', (int) $argv[1]);
same(true, $client->mset(['php:a' => '1', 'php:b' => '2', 'php:c' => '3']));
same(['3', false, '1'], $client->mget(['php:c', 'php:none', 'php:a']));
$binary = implode('', array_map('chr', range(0, 255)));
same(true, $client->set("php:\0\r\n\xff", $binary));
same($binary, $client->get("php:\0\r\n\xff"));
same(1, $client->hSet('php:hash', 'f', 'v'));
same(['f' => 'v'], $client->hGetAll('php:hash'));
same(3, $client->rPush('php:list', 'x', 'y', 'z'));
same(['x', 'y', 'z'], $client->lRange('php:list', 0, -1));
$client->multi(Redis::PIPELINE);
for ($i = 0; $i < 2000; $i++) {
    $client->incr('php:count:' . $i % 50);
}
same(array_map(fn ($i) => intdiv($i, 50) + 1, range(0, 1999)), $client->exec());
same(3, $client->del('php:a', 'php:b', 'php:c', 'php:none'));
same(true, $client->select(0));

same([true, 2, '2'], $client->multi()->set('{php}n', 1)->incr('{php}n')->get('{php}n')->exec());
$other = new Redis();
$other->connect('127.0.0.1', (int) $argv[1]);
$client->watch('{php}n');
$other->incr('{php}n');
same(false, $client->multi()->set('{php}n', 0)->exec());
same('3', $client->get('{php}n'));
$client->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$found = [];
$cursor = null;
while (($keys = $client->scan($cursor, 'php:count:*', 100)) !== false) {
    $found = array_merge($found, $keys);
}
same(50, count(array_unique($found)));
same(0, $client->publish('php:none', 'x'));
