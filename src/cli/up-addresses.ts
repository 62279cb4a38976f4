import { formatAddress, parseHostPort } from '../config/addresses.js';
import type { InheritedSockets } from '../native/index.js';
import { nextFreePort, PORTS_TRIED } from '../node/ports.js';

const ADMIN_HOST = '127.0.0.1';
const ADMIN_PORT = 12_090;

/** Settings that belong to a cluster that the user has, not to the local one. */
const FOREIGN_VARIABLES =
  /^SLOTGATE_(CONFIG|SEEDS|MAP|ADVERTISE|SERVER_ZONES|LISTEN|METRICS|CLIENT_AUTH|UPSTREAM_.*)$/;

/** The environment without what would point the local proxy at another cluster. */
export function localEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN_VARIABLES.test(name)));
}

/**
 * The admin address, moved to the next free port if its own is taken.
 * @param inherited The port of the process before this one is kept.
 */
export async function adminAddress(
  wanted: FlagText | undefined,
  inherited?: InheritedSockets,
): Promise<FlagText> {
  const text = wanted ?? `${ADMIN_HOST}:${ADMIN_PORT}`;
  const parsed = typeof text === 'string' ? parseHostPort(text) : undefined;
  // Something malformed is refused, with all other settings, when they are checked.
  if (parsed?.kind !== 'ok') return text;
  const { host, port } = parsed.value;
  const own = inherited?.portsOf(host).find((known) => known >= port && known < port + PORTS_TRIED);
  return formatAddress({ kind: 'tcp', host, port: own ?? (await nextFreePort(host, port)) });
}

type FlagText = string | readonly string[];
