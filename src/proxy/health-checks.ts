import type { HealthCheck } from '../http/health.js';
import type { WorkerFigures } from '../native/index.js';
import type { ClusterTopology, MonitorStatus } from '../topology/index.js';

/** A worker that has not turned for this long is stuck. */
const STUCK_AFTER_MS = 5_000;

export interface ReadinessInput {
  readonly state: 'starting' | 'listening' | 'draining' | 'stopped';
  /** Where clients can connect; none if the policy wants the port open on other nodes only. */
  readonly addresses: readonly string[];
  /** Why endpoints that are to be open are not. */
  readonly problems: readonly string[];
  readonly status: MonitorStatus;
  readonly topology: ClusterTopology | null;
  /** Also not ready while a part of the cluster is down or cannot be reached. */
  readonly strictUpstream: boolean;
}

export function readinessChecks(input: ReadinessInput): readonly HealthCheck[] {
  const { strictUpstream } = input;
  const checks: HealthCheck[] = [listenerCheck(input), topologyCheck(input.status)];
  return strictUpstream ? [...checks, upstreamCheck(input)] : checks;
}

/** Whether the main thread and every worker get their turns; never looks upstream. */
export function livenessChecks(workers: readonly WorkerFigures[]): readonly HealthCheck[] {
  const nowMs = Number(process.hrtime.bigint() / 1_000_000n);
  return workers.map((figures, worker) => {
    const ageMs = nowMs - (figures.last_turn_ms ?? 0);
    return {
      name: `worker-${worker}`,
      ok: ageMs < STUCK_AFTER_MS,
      detail: `last turn ${Math.max(0, ageMs)} ms ago`,
    };
  });
}

/** A node that the policy does not choose stands by: there is nothing that it lacks. */
function listenerCheck({ state, addresses, problems }: ReadinessInput): HealthCheck {
  const detail = [...addresses, ...problems].join(', ') || 'not on this node';
  return {
    name: 'listener',
    ok: state === 'listening' && problems.length === 0,
    detail: state === 'listening' ? detail : state,
  };
}

function topologyCheck(status: MonitorStatus): HealthCheck {
  const errors = status.seedErrors.map(({ message }) => message).join('; ');
  if (status.kind === 'searching') {
    return { name: 'topology', ok: false, detail: errors === '' ? 'searching' : errors };
  }
  const unreachable = status.unreachable.map(({ message }) => message).join('; ');
  return {
    name: 'topology',
    ok: true,
    detail: [`version ${status.version}`, unreachable].filter((text) => text !== '').join('; '),
  };
}

function upstreamCheck({ status, topology }: ReadinessInput): HealthCheck {
  const failed = (topology?.servers ?? [])
    .filter(({ flags, role }) => role === 'primary' && flags.includes('fail'))
    .map(({ announced }) => `${announced.host}:${announced.port} has failed`);
  const unreachable =
    status.kind === 'ready' ? status.unreachable.map(({ message }) => message) : [];
  const holes = topology?.shards.some(({ primary }) => primary === null) === true;
  const problems = [...failed, ...unreachable, ...(holes ? ['a shard has no primary'] : [])];
  return {
    name: 'upstream',
    ok: topology !== null && problems.length === 0,
    detail: problems.join('; '),
  };
}
