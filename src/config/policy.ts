import { isLoopback, parseHostPort, parseListenAddress } from './addresses.js';
import type { DeploymentForm } from './deployment.js';
import type { ConfigProblem } from './messages.js';
import type { SettingValues } from './settings.js';

/** Rules that concern more than one setting of a database. The values themselves are already checked. */
export function databaseProblems(
  values: SettingValues,
  form: DeploymentForm,
): readonly ConfigProblem[] {
  return [...noSeed(values, form), ...noListener(values), ...openRelay(values)];
}

/** Rules of what a process has once. */
export function processProblems(values: SettingValues): readonly ConfigProblem[] {
  return publicAdmin(values);
}

function noSeed(values: SettingValues, form: DeploymentForm): readonly ConfigProblem[] {
  if (values.seeds.length > 0) return [];
  const how =
    form === 'nodes'
      ? 'seeds: in the entry of the database or at the top level of the file'
      : '--seed HOST:PORT, SLOTGATE_SEEDS or seeds: in the file (slotgate up starts a local cluster instead)';
  return [
    { key: 'seeds', message: `no server was given; name at least one of the cluster with ${how}` },
  ];
}

function noListener(values: SettingValues): readonly ConfigProblem[] {
  if (values.listen.length > 0) return [];
  return [
    { key: 'listen', message: 'the list is empty; allowed is at least one HOST:PORT or path' },
  ];
}

/** With `none` everybody who can connect acts as the proxy's user: never on an open address by accident. */
function openRelay(values: SettingValues): readonly ConfigProblem[] {
  if (values.clientAuth !== 'none' || !values.protectedMode) return [];
  const open = values.listen.filter((text) => {
    const address = parseListenAddress(text);
    if (address.kind === 'bad') return false;
    const senders = address.value.proxyProtocol ?? values.proxyProtocol;
    // Whoever tells where its clients are brings them from elsewhere.
    return senders.length > 0 || !isLoopback(address.value);
  });
  if (open.length === 0) return [];
  const message =
    `none would let everybody who reaches ${open.join(', ')} act as the proxy's own user; ` +
    'listen on a loopback address or a unix socket, use --client-auth upstream, or, where the ' +
    'network itself is trusted, add --protected-mode false';
  return [{ key: 'clientAuth', message }];
}

function publicAdmin(values: SettingValues): readonly ConfigProblem[] {
  if (values.admin === undefined) return [];
  const address = parseHostPort(values.admin);
  if (address.kind === 'bad' || isLoopback(address.value)) return [];
  const message =
    `${values.admin} is not a loopback address, and the admin listener has no login; ` +
    'for probes and Prometheus from outside use --metrics';
  return [{ key: 'admin', message }];
}
