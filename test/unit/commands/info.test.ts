import { describe, expect, test } from 'vitest';
import { mergeInfo } from '../../../src/commands/handlers/info/merge.js';
import { humanBytes, sumOf } from '../../../src/commands/handlers/info/numbers.js';
import { formatInfo, parseInfo } from '../../../src/commands/handlers/info/parse.js';

const OWN = new Map([
  ['redis_mode', 'standalone'],
  ['cluster_enabled', '0'],
  ['role', 'master'],
]);

function info(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}

function merged(section: string, ...servers: readonly (readonly string[])[]): readonly string[] {
  const infos = servers.map((lines) => parseInfo(info([`# ${section}`, ...lines])));
  return formatInfo(mergeInfo(infos, OWN)).split('\r\n').slice(1, -1);
}

test('the text of a server survives reading and writing', () => {
  const text = info(['# Server', 'redis_version:7.0.15', 'os:Linux 6.1 x', '', '# Modules']);
  const modules = info(['module:name=a,ver=1', 'module:name=b,ver=2', '', '# Cluster', 'x:1:2']);
  expect(formatInfo(parseInfo(text + modules))).toBe(text + modules);
});

describe('merging', () => {
  test.each([
    ['Stats', ['keyspace_hits:1'], ['keyspace_hits:2'], ['keyspace_hits:3']],
    [
      'Stats',
      ['total_net_input_bytes:9007199254740993'],
      ['total_net_input_bytes:1'],
      ['total_net_input_bytes:9007199254740994'],
    ],
    [
      'Stats',
      ['instantaneous_input_kbps:0.05'],
      ['instantaneous_input_kbps:1.2'],
      ['instantaneous_input_kbps:1.25'],
    ],
    ['CPU', ['used_cpu_sys:0.510280'], ['used_cpu_sys:0.100001'], ['used_cpu_sys:0.610281']],
    [
      'Memory',
      ['number_of_cached_scripts:100'],
      ['number_of_cached_scripts:100'],
      ['number_of_cached_scripts:100'],
    ],
    [
      'Memory',
      ['maxmemory_policy:noeviction'],
      ['maxmemory_policy:allkeys-lru'],
      ['maxmemory_policy:noeviction'],
    ],
    [
      'Memory',
      ['used_memory_peak_perc:9.10%'],
      ['used_memory_peak_perc:86.78%'],
      ['used_memory_peak_perc:86.78%'],
    ],
    [
      'Memory',
      ['used_memory:1048576', 'used_memory_human:1.00M'],
      ['used_memory:1048576', 'used_memory_human:1.00M'],
      ['used_memory:2097152', 'used_memory_human:2.00M'],
    ],
    [
      'Persistence',
      ['rdb_last_bgsave_status:ok'],
      ['rdb_last_bgsave_status:err'],
      ['rdb_last_bgsave_status:err'],
    ],
    [
      'Persistence',
      ['rdb_last_save_time:20'],
      ['rdb_last_save_time:10'],
      ['rdb_last_save_time:10'],
    ],
    [
      'Server',
      ['redis_version:7.0.15', 'redis_mode:cluster'],
      ['redis_version:8.0.1', 'redis_mode:cluster'],
      ['redis_version:7.0.15', 'redis_mode:standalone'],
    ],
    ['Server', ['executable:/usr/bin/x', 'hz:10'], ['executable:/usr/bin/y', 'hz:20'], ['hz:20']],
    [
      'Replication',
      ['role:slave', 'slave0:ip=127.0.0.1,port=1,state=online'],
      ['role:master'],
      ['role:master'],
    ],
    ['Server', ['a_field_of_tomorrow:7'], ['a_field_of_tomorrow:8'], ['a_field_of_tomorrow:7']],
    ['Server', ['hz:10'], ['hz:10', 'only_here:1'], ['hz:10', 'only_here:1']],
    ['Cluster', ['cluster_enabled:1'], ['cluster_enabled:1'], ['cluster_enabled:0']],
    [
      'Keyspace',
      ['db0:keys=3,expires=1,avg_ttl=100'],
      ['db0:keys=4,expires=3,avg_ttl=200'],
      ['db0:keys=7,expires=4,avg_ttl=175'],
    ],
    ['Keyspace', [], ['db0:keys=4,expires=0,avg_ttl=0'], ['db0:keys=4,expires=0,avg_ttl=0']],
    [
      'Commandstats',
      ['cmdstat_get:calls=1,usec=10,usec_per_call=10.00,rejected_calls=0,failed_calls=0'],
      ['cmdstat_get:calls=3,usec=18,usec_per_call=6.00,rejected_calls=1,failed_calls=2'],
      ['cmdstat_get:calls=4,usec=28,usec_per_call=7.00,rejected_calls=1,failed_calls=2'],
    ],
    ['Errorstats', ['errorstat_ERR:count=1'], ['errorstat_ERR:count=2'], ['errorstat_ERR:count=3']],
    [
      'Latencystats',
      ['latency_percentiles_usec_get:p50=1.003,p99=2.007'],
      ['latency_percentiles_usec_get:p50=0.9,p99=9.9'],
      ['latency_percentiles_usec_get:p50=1.003,p99=9.9'],
    ],
    [
      'Modules',
      ['module:name=a,ver=1'],
      ['module:name=a,ver=2', 'module:name=b,ver=1'],
      ['module:name=a,ver=1', 'module:name=b,ver=1'],
    ],
  ])('%s: %j and %j', (section, one, two, expected) => {
    expect(merged(section, one, two)).toEqual(expected);
  });

  test('one server stays as it is, but for what is the proxy’s', () => {
    expect(merged('Stats', ['keyspace_hits:5', 'instantaneous_input_kbps:0.10'])).toEqual([
      'keyspace_hits:5',
      'instantaneous_input_kbps:0.10',
    ]);
  });
});

test.each([
  [0, '0B'],
  [200, '200B'],
  [1_023, '1023B'],
  [1_024, '1.00K'],
  [1_065_160, '1.02M'],
  [25_276_510_208, '23.54G'],
])('%i bytes are %s', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

test('sums keep 64 bits', () => {
  expect(sumOf(['9223372036854775806', '1'])).toBe('9223372036854775807');
});
