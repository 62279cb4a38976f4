import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandRow, refusalText } from '../../src/commands/index.js';
import { CLUSTER_ANSWERED } from '../../src/commands/rules/cluster.js';
import { EXAMPLES } from './examples/index.js';
import { type Example, readExamples, type SendStep } from './support/example.js';
import { keysOf, stepOf, withWords } from './support/generate.js';
import { KNOWN } from './support/known.js';
import { Player, type Target } from './support/player.js';
import { isRefused, isStepOf, TABLE } from './support/rows.js';
import { sightings } from './support/sightings.js';
import { startWorld, type World } from './support/world.js';

/**
 * More than the proxy itself sends meanwhile: it pings, logs in and looks at the cluster, too. A
 * command that it may send is repeated so often, and counts as seen if a server saw as many.
 */
const REPEATS = 50;
const OWN_COMMANDS = /^(ping|hello|auth|info|config\|get|client|acl|cluster|command|script)\b/;

let world: World;
let target: Target;
beforeAll(async () => {
  world = await startWorld(1);
  target = world.targets(2).proxy;
});
afterAll(() => world?.stop());

interface Played {
  readonly step: SendStep;
  readonly reply: string;
  /** Per server, how often it saw the command for one time that it was sent. */
  readonly seen: readonly number[];
}

/** Plays what an example needs before its first command of the row, then that command. */
async function play(row: CommandRow, example: Example): Promise<Played> {
  const at = example.findIndex((step) => isStepOf(step, row) && step.kind === 'send');
  const step = example[at];
  if (step?.kind !== 'send') {
    throw new Error(`no example of ${row.name}`);
  }
  await world.clear();
  const player = new Player(target);
  try {
    for (const before of example.slice(0, at)) {
      await player.run(before);
    }
    const repeats = OWN_COMMANDS.test(row.name) ? REPEATS : 1;
    const { cluster } = world;
    const earlier = await sightings(cluster, row);
    let reply = '';
    for (let i = 0; i < repeats; i++) {
      const [first] = await player.run({ ...step, mode: 'once' });
      reply = first !== undefined && 'text' in first ? first.text : '';
    }
    const later = await sightings(cluster, row);
    const seen = later.map((count, i) => Math.floor((count - (earlier[i] ?? 0)) / repeats));
    await player.quit();
    return { step, reply, seen };
  } finally {
    player.close();
  }
}

function exampleOf(row: CommandRow): Example {
  const [first = []] = readExamples(EXAMPLES.get(row.name) ?? '');
  return first;
}

/** Of each server, how many slots of the keys of a request it owns. */
async function ownersOf(row: CommandRow, words: readonly string[]): Promise<readonly number[]> {
  // Channels are no keys to the server.
  const isChannel = row.keySpecs.some(({ flags }) => flags.includes('not_key'));
  const keys = isChannel ? words.slice(1, 2) : await keysOf(world.single, words);
  const slots = await Promise.all(
    keys.map((key) => world.cluster.server(0).call('CLUSTER', 'KEYSLOT', key)),
  );
  const owners = await Promise.all(
    [...new Set(slots.map(Number))].map((slot) => world.cluster.ownerOf(slot)),
  );
  return [...world.cluster.servers.keys()].map((i) => owners.filter((owner) => owner === i).length);
}

function rowsBy(choose: (row: CommandRow) => boolean): readonly CommandRow[] {
  return TABLE.rows.filter((row) => KNOWN.has(row.name) && !row.container && choose(row));
}

/** Over shared links, or by a handler over private ones: what blocks, what watches. */
function isKeyed({ route, keySpecs }: CommandRow): boolean {
  return route.kind === 'keys' || (route.kind === 'control' && keySpecs.length > 0);
}

function isForSeveral({ name, route, requestPolicy }: CommandRow): boolean {
  const isSent = route.kind === 'fan_out' || (route.kind === 'control' && !HANDLED.has(name));
  return isSent && (requestPolicy === 'all_nodes' || requestPolicy === 'all_shards');
}

function isHandled(row: CommandRow): boolean {
  return row.route.kind === 'control' && !isKeyed(row) && !isForSeveral(row);
}

/** Where handlers send commands that have no keys, and no policy or do not follow it. */
const HANDLED: ReadonlyMap<string, string> = new Map([
  ...['auth', 'client|info', 'client|kill', 'client|list', 'client|no-evict'].map(atNobody),
  ...['client|pause', 'client|unblock', 'client|unpause', 'monitor', 'reset'].map(atNobody),
  ...['client|caching', 'client|getredir', 'client|no-touch', 'client|tracking'].map(atNobody),
  ...['client|maint_notifications', 'client|trackinginfo'].map(atNobody),
  ...['slowlog|get', 'slowlog|len', 'slowlog|reset'].map(atNobody),
  ...CLUSTER_ANSWERED.map(atNobody),
  ['config|get', 'a primary'],
  ['scan', 'a primary'],
  ...['pubsub|channels', 'pubsub|numpat', 'pubsub|numsub'].map(atEveryServer),
  ...['pubsub|shardchannels', 'pubsub|shardnumsub'].map(atEveryServer),
]);

function atEveryServer(name: string): [string, string] {
  return [name, 'every server'];
}

function atNobody(name: string): [string, string] {
  return [name, 'nobody'];
}

/** Who saw a command exactly once. */
function placeOf(seen: readonly number[]): string {
  const ofPrimaries = primaries(seen);
  const places = {
    nobody: seen.every((count) => count === 0),
    'a primary': total(seen) === 1 && total(ofPrimaries) === 1,
    'every primary': total(replicas(seen)) === 0 && ofPrimaries.every((count) => count === 1),
    'every server': seen.every((count) => count === 1),
  };
  return Object.entries(places).find(([, isIt]) => isIt)?.[0] ?? JSON.stringify(seen);
}

const primaries = (seen: readonly number[]) => seen.slice(0, world.cluster.primaryCount);
const replicas = (seen: readonly number[]) => seen.slice(world.cluster.primaryCount);
const total = (seen: readonly number[]) => seen.reduce((sum, count) => sum + count, 0);

describe('a command with keys is seen by the owners of its keys, once per slot; without keys, by one primary', () => {
  test.each(rowsBy(isKeyed))('$name', async (row) => {
    const { step, seen } = await play(row, exampleOf(row));
    const owners = await ownersOf(row, step.words);
    expect(total(replicas(seen)), step.line).toBe(0);
    if (total(owners) === 0) {
      expect(total(seen), step.line).toBe(1);
    } else {
      expect(seen, step.line).toEqual(owners);
    }
  });
});

describe('a command without keys is seen by one primary', () => {
  test.each(rowsBy(({ route }) => route.kind === 'keyless'))('$name', async (row) => {
    const { seen } = await play(row, exampleOf(row));
    expect(total(primaries(seen))).toBe(1);
    expect(total(replicas(seen))).toBe(0);
  });
});

describe('a command for several servers is seen by all that its row names, once by each', () => {
  test.each(rowsBy(isForSeveral))('$name', async (row) => {
    const { seen } = await play(row, exampleOf(row));
    const all = row.requestPolicy === 'all_nodes' ? 'every server' : 'every primary';
    expect(placeOf(seen)).toBe(all);
  });
});

describe('a command with a handler of its own is seen where that sends it', () => {
  test.each(rowsBy(isHandled))('$name', async (row) => {
    const { seen } = await play(row, exampleOf(row));
    expect(placeOf(seen)).toBe(HANDLED.get(row.name));
  });
});

describe('what is published, and each name that is subscribed to, is seen by one primary', () => {
  const rows = rowsBy(({ route }) => route.kind === 'pubsub' && route.action !== 'unsubscribe');
  test.each(rows)('$name', async (row) => {
    const { step, seen } = await play(row, exampleOf(row));
    const isPublished = row.route.kind === 'pubsub' && row.route.action === 'publish';
    const times = isPublished ? 1 : step.words.length - 1;
    expect(primaries(seen).filter((count) => count > 0)).toEqual([times]);
    expect(total(replicas(seen))).toBe(0);
    if (row.route.kind === 'pubsub' && row.route.family === 'shard') {
      const owners = await ownersOf(row, step.words);
      expect(seen.findIndex((count) => count > 0)).toBe(owners.indexOf(1));
    }
  });
});

describe('what the proxy answers by itself is seen by no server', () => {
  test.each(rowsBy(({ route }) => route.kind === 'local'))('$name', async (row) => {
    const { seen } = await play(row, exampleOf(row));
    expect(total(seen)).toBe(0);
  });
});

describe('what is refused is seen by no server', () => {
  test.each(rowsBy(isRefused))('$name', async (row) => {
    const { reply, seen } = await play(row, [stepOf(withWords(row, Math.abs(row.arity)) ?? [])]);
    const refusal = row.route.kind === 'refuse' ? row.route.refusal : 'unsupported';
    expect(reply).toBe(refusalText(refusal, row.name));
    expect(total(seen)).toBe(0);
  });
});
