import type { Examples } from '../support/example.js';

/** Each text is used in one example only: what a proxy learned of it must not matter. */
export const SCRIPTING: Examples = {
  eval: `
    EVAL "return 1" 0
    EVAL "return {KEYS[1], KEYS[2], ARGV[1]}" 2 {k}1 {k}2 a
    EVAL "return redis.call('SET', KEYS[1], ARGV[1])" 1 k v
    EVAL "return redis.call('GET', KEYS[1])" 1 k
    EVAL "return redis.call('INCR', KEYS[1])" 1 k
    EVAL "return redis.pcall('INCR', KEYS[1])" 1 k
    EVAL "return redis.error_reply('MY own error')" 0
    EVAL "return redis.status_reply('FINE')" 0
    EVAL "return {1, 2.9, 'a', false, true, {3, nil, 4}}" 0
    EVAL "return nil" 0
    EVAL "redis.setresp(3) return redis.call('HGETALL', KEYS[1])" 1 h
    EVAL "return {map = {a = 1}}" 0
    EVAL "return {double = 1.5}" 0
    EVAL "return {double = 1/0}" 0
    EVAL "return {big_number = '12345678901234567890'}" 0
    EVAL "return {verbatim_string = {format = 'txt', string = 'hello'}}" 0
    EVAL "return {set = {a = true}}" 0
    EVAL "return this is no lua" 0
    EVAL "return nosuchvariable" 0
    EVAL "return 1" x
    EVAL "return 1" -1
    EVAL "return 1" 5 a
    EVAL "return redis.call('NONSENSE')" 0
    EVAL "#!lua flags=no-writes\\nreturn redis.call('SET', KEYS[1], 1)" 1 k
    !CROSSSLOT: EVAL "return 1" 2 a b
  `,
  eval_ro: `
    SET k v
    EVAL_RO "return redis.call('GET', KEYS[1]) .. ARGV[1]" 1 k w
    EVAL_RO "return redis.call('SET', KEYS[1], 'x')" 1 k
    EVAL_RO "return 2" 0
    !CROSSSLOT: EVAL_RO "return 1" 2 a b
  `,
  evalsha: `
    EVALSHA 0000000000000000000000000000000000000000 0
    EVALSHA nonsense 0
    $sha = SCRIPT LOAD "return redis.call('SET', KEYS[1], 'by sha')"
    EVALSHA $sha 1 a
    EVALSHA $sha 1 b
    EVALSHA $sha 1 c
    MGET a b c
    EVALSHA $sha x
    !CROSSSLOT: EVALSHA 0000000000000000000000000000000000000000 2 a b
    ---
    EVAL "return redis.call('SET', KEYS[1], 'learned by EVAL')" 1 a
    EVALSHA 208a4a66de8cbb8acfd7ed9593624114f346ccaf 1 a
    EVALSHA 208a4a66de8cbb8acfd7ed9593624114f346ccaf 1 b
    EVALSHA 208a4a66de8cbb8acfd7ed9593624114f346ccaf 1 c
    SCRIPT EXISTS 208a4a66de8cbb8acfd7ed9593624114f346ccaf
    MGET a b c
  `,
  evalsha_ro: `
    SET k v
    $sha = SCRIPT LOAD "return redis.call('GET', KEYS[1]) .. ' read only'"
    EVALSHA_RO $sha 1 k
    $bad = SCRIPT LOAD "return redis.call('SET', KEYS[1], 'not read only')"
    EVALSHA_RO $bad 1 k
    EVALSHA_RO 0000000000000000000000000000000000000000 0
    !CROSSSLOT: EVALSHA_RO 0000000000000000000000000000000000000000 2 a b
  `,
  script: 'SCRIPT NONSENSE',
  'script|exists': `
    $sha = SCRIPT LOAD "return 'to be found'"
    SCRIPT EXISTS $sha 0000000000000000000000000000000000000000
    SCRIPT EXISTS 0000000000000000000000000000000000000001
    SCRIPT EXISTS nonsense
  `,
  'script|flush': `
    $sha = SCRIPT LOAD "return 'to be flushed'"
    SCRIPT FLUSH
    SCRIPT EXISTS $sha
    EVALSHA $sha 0
    SCRIPT FLUSH SYNC
    SCRIPT FLUSH ASYNC
    SCRIPT FLUSH NONSENSE
    SCRIPT FLUSH SYNC x
  `,
  'script|help': 'SCRIPT HELP',
  'script|kill': 'SCRIPT KILL',
  'script|load': `
    SCRIPT LOAD "return 'loaded'"
    SCRIPT LOAD "return 'loaded'"
    SCRIPT LOAD ""
    SCRIPT LOAD "this is no lua"
  `,
  'script|show': 'SCRIPT SHOW 0000000000000000000000000000000000000000',
};
