import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ServiceNotifier } from '../../src/cli/service-notifier.js';
import { cleanUpsAfterEach } from '../support/clean-ups.js';
import { ROOT } from '../support/root.js';
import { startSuccession } from '../support/succession.js';
import { useCluster } from '../support/use-cluster.js';
import { waitFor } from '../support/wait.js';

const cluster = useCluster();
const cleanUps = cleanUpsAfterEach();

/** Prints a line of JSON for each message: [process id of the sender, text]. */
const RECEIVER = `
import json, socket, struct, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind('\\0' + path[1:] if path[0] == '@' else path)
print('"ready"', flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 4096)
    pid = struct.unpack('3i', ancillary[0][2][:12])[0]
    print(json.dumps([pid, data.decode()]), flush=True)
`;

/** What a service manager hears. */
class Manager {
  #output = '';

  private constructor(child: ChildProcess) {
    child.stdout?.on('data', (chunk) => {
      this.#output += chunk;
    });
  }

  static async start(path: string): Promise<Manager> {
    const child = spawn('python3', ['-c', RECEIVER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const manager = new Manager(child);
    cleanUps.push(() => child.kill('SIGKILL'));
    await waitFor('the receiver', () => manager.#output.startsWith('"ready"\n'));
    return manager;
  }

  /** Messages so far: the sender, and the first line of each but for the figures in it. */
  get heard(): readonly (readonly [number, string])[] {
    const lines = this.#output.split('\n').slice(1, -1);
    return lines.map((line): [number, string] => {
      const [pid, text] = JSON.parse(line);
      return [pid, text];
    });
  }

  /** Waits for a message that begins so. @returns All of it. */
  async until(pid: number, start: string): Promise<string> {
    const found = () => this.heard.find(([from, text]) => from === pid && text.startsWith(start));
    await waitFor(`${start} of ${pid} in ${this.#output}`, () => found() !== undefined);
    return found()?.[1] ?? '';
  }
}

async function start(path: string, config: string) {
  const manager = await Manager.start(path);
  const options = { args: ['--config', config], env: { NOTIFY_SOCKET: path } };
  const succession = await startSuccession({ seeds: cluster().seeds, ...options }, cleanUps);
  return { manager, succession };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slotgate-notify-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('a service manager', () => {
  test('is told what happens', async () => {
    const place = folder();
    const config = join(place, 'slotgate.yaml');
    writeFileSync(config, 'maxClients: 100\n');
    const { manager, succession } = await start(join(place, 'notify'), config);
    const first = succession.pid;
    await manager.until(first, 'READY=1\nSTATUS=serving');

    process.kill(first, 'SIGHUP');
    const reloading = await manager.until(first, 'RELOADING=1\nMONOTONIC_USEC=');
    const sentUs = Number(/MONOTONIC_USEC=(\d+)/.exec(reloading)?.[1]);
    expect(Math.abs(Number(process.hrtime.bigint() / 1_000n) - sentUs)).toBeLessThan(60_000_000);
    await waitFor(
      'the end of the reload',
      () => manager.heard.at(-1)?.[1].startsWith('READY=1') === true,
    );

    writeFileSync(config, 'maxClients: none\n');
    expect((await succession.ask()).status).toBe(500);
    await manager.until(first, 'READY=1\nSTATUS=serving; the hand-over failed: bad configuration');

    writeFileSync(config, 'maxClients: 100\n');
    const second = await succession.handOver();
    await manager.until(first, `MAINPID=${second}\nREADY=1`);
    await succession.untilAlone();
    process.kill(second, 'SIGTERM');
    await manager.until(second, 'STOPPING=1');
    // What the old process says after it was followed would be taken for the service's end.
    expect(manager.heard.at(-1)?.[0]).toBe(second);
    expect(manager.heard.some(([from, text]) => from === first && text.includes('STOPPING'))).toBe(
      false,
    );
  });
});

test('a socket may be a name in the abstract namespace', async () => {
  const path = `@${join(folder(), 'notify')}`;
  const manager = await Manager.start(path);
  ServiceNotifier.from({ NOTIFY_SOCKET: path }).ready('serving');
  await manager.until(process.pid, 'READY=1\nSTATUS=serving');
});

describe('the unit file of docs/operations.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
  const unit =
    /```ini\n(# \/etc\/systemd\/system\/slotgate\.service\n.*?)```/s.exec(page)?.[1] ?? '';

  test('is one that systemd takes', () => {
    const found = spawnSync('systemd-analyze', ['--version']);
    if (found.status !== 0) {
      process.stdout.write('skipped: systemd-analyze is not installed\n');
      return;
    }
    const file = join(folder(), 'slotgate.service');
    // The program is not installed here, and the others are those of the machine.
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    expect(stderr.split('\n').filter((line) => line.includes('slotgate.service'))).toEqual([]);
  });

  test('starts the program with what it knows', async () => {
    expect(unit).toContain('Type=notify\n');
    const command = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
    expect(command.slice(0, 2)).toEqual(['/usr/bin/slotgate', 'proxy']);
    const config = join(folder(), 'slotgate.yaml');
    writeFileSync(config, 'seeds: [127.0.0.1:7000]\n');
    const args = command.slice(2).map((word) => (word === '/etc/slotgate.yaml' ? config : word));
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'main.js'), 'check', ...args]);
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});
