// Facts from a running server: COMMAND (7.0 or later, with key specifications) and COMMAND DOCS.
import { once } from 'node:events';
import { connect } from 'node:net';
import RedisParser from 'redis-parser';
import { commandFacts, keySpec } from './facts.mjs';

export async function readServer(host, port) {
  const socket = connect(port, host);
  await once(socket, 'connect');
  try {
    const info = await ask(socket, 'INFO server');
    const version = /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
    const groups = readGroups(await ask(socket, 'COMMAND DOCS'));
    const facts = new Map();
    for (const entry of await ask(socket, 'COMMAND')) {
      addEntry(facts, groups, entry);
    }
    return { title: `a server that calls itself version ${version}: COMMAND, COMMAND DOCS`, facts };
  } finally {
    socket.destroy();
  }
}

function ask(socket, line) {
  return new Promise((resolve, reject) => {
    const parser = new RedisParser({ returnReply: resolve, returnError: reject });
    socket.removeAllListeners('data');
    socket.on('data', (bytes) => parser.execute(bytes));
    socket.write(`${line}\r\n`);
  });
}

/** Group by full name, subcommands included. */
function readGroups(docs) {
  const groups = new Map();
  for (let i = 0; i < docs.length; i += 2) {
    const fields = asObject(docs[i + 1]);
    groups.set(docs[i], fields.group);
    for (const [name, group] of readGroups(fields.subcommands ?? [])) {
      groups.set(name, group);
    }
  }
  return groups;
}

function addEntry(facts, groups, entry) {
  const [name, arity, flags, , , , , tips, specs, subcommands] = entry;
  const keySpecs = specs.map((spec) => readKeySpec(asObject(spec)));
  facts.set(name, commandFacts({ group: groups.get(name), arity, flags, keySpecs, tips }));
  for (const subcommand of subcommands) {
    addEntry(facts, groups, subcommand);
  }
}

function readKeySpec({ flags, begin_search: begin, find_keys: find }) {
  return keySpec(readBegin(asObject(begin)), readFind(asObject(find)), flags);
}

function readBegin({ type, spec }) {
  const { index, keyword, startfrom } = asObject(spec);
  if (type === 'index') {
    return { kind: 'index', index };
  }
  return type === 'keyword'
    ? { kind: 'keyword', keyword: keyword.toUpperCase(), startFrom: startfrom }
    : { kind: 'unknown' };
}

function readFind({ type, spec }) {
  const { lastkey, keystep, limit, keynumidx, firstkey } = asObject(spec);
  if (type === 'range') {
    return { kind: 'range', lastKey: lastkey, step: keystep, limit };
  }
  return type === 'keynum'
    ? { kind: 'keynum', keynumIndex: keynumidx, firstKey: firstkey, step: keystep }
    : { kind: 'unknown' };
}

/** A map as RESP2 shows it: name, value, name, value … */
function asObject(flat) {
  const entries = [];
  for (let i = 0; i < flat.length; i += 2) {
    entries.push([flat[i], flat[i + 1]]);
  }
  return Object.fromEntries(entries);
}
