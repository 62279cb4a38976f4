// Facts from a folder of command descriptions: `{ "NAME": { arity, command_flags, key_specs … } }`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandFacts, keySpec } from './facts.mjs';

export function readJsonFolder(folder) {
  const facts = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const content = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    for (const [name, command] of Object.entries(content)) {
      // Sentinel's commands are not a data server's.
      if (command.group !== 'sentinel') {
        const parent = command.container === undefined ? '' : `${command.container}|`;
        facts.set(`${parent}${name}`.toLowerCase(), readCommand(command));
      }
    }
  }
  return { title: 'the command descriptions that come with the server', facts };
}

function readCommand(command) {
  return commandFacts({
    group: command.group.replace('_', '-'),
    arity: command.arity,
    flags: (command.command_flags ?? []).map((flag) => flag.toLowerCase()),
    keySpecs: (command.key_specs ?? []).map(readKeySpec),
    tips: (command.command_tips ?? []).map((tip) => tip.toLowerCase()),
  });
}

function readKeySpec({ begin_search: begin, find_keys: find, flags }) {
  return keySpec(readBegin(begin), readFind(find), flags.map(readKeyFlag));
}

function readBegin(begin) {
  if (begin.index !== undefined) {
    return { kind: 'index', index: begin.index.pos };
  }
  if (begin.keyword !== undefined) {
    const { keyword, startfrom } = begin.keyword;
    return { kind: 'keyword', keyword: keyword.toUpperCase(), startFrom: startfrom };
  }
  return { kind: 'unknown' };
}

function readFind(find) {
  if (find.range !== undefined) {
    const { lastkey, step, limit } = find.range;
    return { kind: 'range', lastKey: lastkey, step, limit };
  }
  if (find.keynum !== undefined) {
    const { keynumidx, firstkey, step } = find.keynum;
    return { kind: 'keynum', keynumIndex: keynumidx, firstKey: firstkey, step };
  }
  return { kind: 'unknown' };
}

function readKeyFlag(flag) {
  return /^(RO|RW|OW|RM)$/.test(flag) ? flag : flag.toLowerCase();
}
