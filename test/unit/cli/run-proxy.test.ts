import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startConfiguration } from '../../../src/cli/configuration.js';
import { runProxy } from '../../../src/cli/run-proxy.js';
import { ShutdownSignals } from '../../../src/cli/shutdown-signals.js';
import type { LogFields, LogLevel } from '../../../src/log/logger.js';
import { waitFor } from '../../support/wait.js';
import { type FakeEnvironment, fakeEnvironment } from './fake-environment.js';

let folder = '';
let environment: FakeEnvironment = fakeEnvironment();
let nowMs = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotgate-run-'));
  environment = fakeEnvironment();
  nowMs = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

class MemoryLog {
  readonly lines: string[] = [];
  level: LogLevel = 'info';
  debug = () => {};
  info = (message: string, fields?: LogFields) => this.#add(message, fields);
  warn = (message: string, fields?: LogFields) => this.#add(message, fields);
  error = (message: string, fields?: LogFields) => this.#add(message, fields);
  setLevel = (level: LogLevel) => {
    this.level = level;
  };
  #add(message: string, fields: LogFields = {}): void {
    this.lines.push([message, ...Object.values(fields)].join(' '));
  }
}

/** Starts a proxy from `yaml`; `change` writes another file and asks for a reload. */
async function start(yaml: string) {
  const path = join(folder, 'slotgate.yaml');
  writeFileSync(path, `seeds: [a:1]\n${yaml}`);
  const request = { flags: {}, configFile: path, isPasswordOnStdin: false };
  const { config, inputs } = await startConfiguration(request, 'single', environment);
  const log = new MemoryLog();
  const shutdown = new ShutdownSignals(environment.signals, ['SIGTERM', 'SIGINT'], () => nowMs);
  let adminUrl: string | undefined;
  const ended = runProxy(
    {
      config,
      inputs,
      log,
      shutdown,
      reloadSignal: 'SIGHUP',
      onListening: (_proxy, url) => {
        adminUrl = url;
      },
    },
    environment,
  );
  await waitFor('the proxy to listen', () =>
    log.lines.some((line) => line.startsWith('listening')),
  );
  const change = (text: string) => {
    writeFileSync(path, text);
    environment.signals.emit('SIGHUP', 'SIGHUP');
  };
  return { ended, log, change, adminUrl: adminUrl ?? '' };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('ending', () => {
  test('drains with the configured times, then stops', async () => {
    const { ended } = await start('shutdownDelayMs: 5\ndrainTimeoutMs: 7');
    environment.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(environment.proxy.calls).toEqual(['drain 5 7', 'stop']);
  });

  test('a second signal within a second is the same one, a later one forces', async () => {
    environment.proxy.drained = new Promise(() => {});
    const { ended, log } = await start('');
    environment.signals.emit('SIGINT', 'SIGINT');
    nowMs = 999;
    environment.signals.emit('SIGINT', 'SIGINT');
    await waitFor('the drain', () => environment.proxy.calls.length > 0);
    expect(environment.proxy.calls).toEqual(['drain 0 20000']);
    nowMs = 1_000;
    environment.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(environment.proxy.calls).toEqual(['drain 0 20000', 'stop']);
    expect(log.lines.join()).toContain('second signal');
  });

  test('an admin port in use is named, and the proxy is stopped again', async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const request = {
      flags: { seeds: ['a:1'], admin: `127.0.0.1:${port}` },
      configFile: undefined,
      isPasswordOnStdin: false,
    };
    const { config, inputs } = await startConfiguration(request, 'single', environment);
    const shutdown = new ShutdownSignals(environment.signals, []);
    const log = new MemoryLog();
    const run = { config, inputs, log, shutdown, reloadSignal: undefined, onListening: () => {} };
    await expect(runProxy(run, environment)).rejects.toThrow(`127.0.0.1:${port} is in use`);
    expect(environment.proxy.calls).toEqual(['stop']);
    squatter.close();
  });
});

test('reload applies a good file, keeps the old configuration at a bad one, and shows it', async () => {
  const { ended, log, change, adminUrl } = await start(`admin: 127.0.0.1:${await freePort()}`);
  const metric = async () => {
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    return /^slotgate_config_last_reload_successful (\d)/m.exec(text)?.[1];
  };
  expect(await metric()).toBe('1');

  change('seeds: [a:1]\nmaxClients: none');
  await waitFor('the refusal', () => log.lines.some((line) => line.includes('not reloaded')));
  expect(log.lines.at(-1)).toContain('maxClients: "none"');
  expect(environment.proxy.reloaded).toHaveLength(0);
  expect(await metric()).toBe('0');

  environment.proxy.needRestart = ['threads'];
  change('seeds: [a:1]\nmaxClients: 5\nthreads: 2\nlogLevel: debug\ndrainTimeoutMs: 9');
  await waitFor('the reload', () => log.lines.some((line) => line.includes('need a restart')));
  expect(log.lines.at(-1)).toContain('threads');
  expect(environment.proxy.reloaded).toMatchObject([{ process: { maxClients: 5 } }]);
  expect(log.level).toBe('debug');
  expect(await metric()).toBe('1');

  environment.signals.emit('SIGTERM', 'SIGTERM');
  await ended;
  expect(environment.proxy.calls).toContain('drain 0 9');
});

test('probes: alive, ready, and strict about the servers only if asked', async () => {
  const { ended, adminUrl } = await start(`admin: 127.0.0.1:${await freePort()}`);
  const status = async (path: string) => (await fetch(`${adminUrl}${path}`)).status;
  expect(await status('/livez')).toBe(200);
  expect(await status('/readyz')).toBe(200);
  expect(await status('/readyz?upstream=1')).toBe(503);
  environment.signals.emit('SIGTERM', 'SIGTERM');
  await ended;
});
