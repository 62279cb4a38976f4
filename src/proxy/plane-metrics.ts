import type { MetricSample, MetricSnapshot } from '../metrics/sample.js';
import type { WorkerFigures } from '../native/index.js';

interface Definition {
  readonly figure: string;
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Figures of `native/plane/counters.h` that only grow, under their names for Prometheus. */
const COUNTERS: readonly Definition[] = [
  counter('requests', 'requests', 'Requests of clients.'),
  counter('fragments', 'fragments', 'Parts of requests that were split over slots.'),
  counter('split_requests', 'split_requests', 'Requests that were split over slots.'),
  counter('local_answers', 'local_answers', 'Requests that a worker answered by itself.'),
  counter('control_requests', 'control_requests', 'Requests that the control plane answered.'),
  counter('error_replies', 'error_replies', 'Error replies of servers that clients got.'),
  counter('slow_requests', 'slow_requests', 'Requests that took slowlogSlowerThanMs and longer.'),
  counter('crossslot', 'crossslot', 'Requests refused with CROSSSLOT.'),
  counter('moved_answered', 'moved_answered', 'Requests answered with MOVED, to another proxy.'),
  counter(
    'rate_pauses',
    'rate_pauses',
    'Times that a client was not read on for a while, as it or its address had used up its rate.',
  ),
  counter('notices', 'notices', 'Maintenance notices pushed to clients.'),
  counter('protocol_errors', 'protocol_errors', 'Clients closed for not speaking RESP.'),
  counter('turns', 'turns', 'Turns of the event loops.'),
  ...labelled('syscalls', 'System calls on sockets.', 'kind', {
    recv_calls: 'recv',
    send_calls: 'send',
  }),
  ...labelled('bytes', 'Bytes by side and direction.', 'flow', {
    client_bytes_in: 'client_in',
    client_bytes_out: 'client_out',
    link_bytes_in: 'link_in',
    link_bytes_out: 'link_out',
  }),
  ...labelled('connections', 'Client connections by what became of them.', 'event', {
    accepted: 'accepted',
    rejected: 'rejected',
    closed: 'closed',
    output_limit_closed: 'closed_for_output_limit',
    slow_subscribers_closed: 'closed_as_slow_subscriber',
    deleted_user_closed: 'closed_for_deleted_user',
    idle_closed: 'closed_as_idle',
    partial_request_closed: 'closed_for_unfinished_request',
    login_timeout_closed: 'closed_without_login',
    header_refused: 'closed_for_proxy_header',
    rate_refused: 'refused_for_rate',
    memory_closed: 'closed_for_memory',
    memory_refused: 'refused_for_memory',
  }),
  ...labelled('links_events', 'Connections to servers by event.', 'event', {
    links_opened: 'opened',
    links_lost: 'lost',
  }),
  ...labelled('redirects', 'Redirects that were followed.', 'kind', {
    redirects_moved: 'moved',
    redirects_ask: 'ask',
  }),
  ...labelled('refusals', 'Refusals of servers that were not shown to clients.', 'kind', {
    refused_tryagain: 'tryagain',
    refused_other: 'other',
  }),
  ...labelled('held', 'Requests that had to wait for their shard, by outcome.', 'outcome', {
    held: 'held',
    held_expired: 'expired',
    held_rejected: 'rejected',
    held_dropped: 'dropped',
    refusal_passed_for_order: 'passed_for_order',
  }),
  ...labelled('lost_requests', 'Requests in flight on a link that was lost.', 'outcome', {
    unknown_outcomes: 'unknown',
    reads_repeated: 'repeated',
    writes_repeated: 'write_repeated',
  }),
  counter('reads_at_replicas', 'replica_reads', 'Reads that were sent to replicas.'),
  ...labelled(
    'replica_reads_repeated',
    'Reads sent to replicas that were sent again to primaries, by reason.',
    'reason',
    {
      replica_reads_refused: 'refused',
      replica_reads_missing: 'not_there',
      replica_reads_lost: 'lost',
    },
  ),
  counter(
    'scripts_loaded',
    'scripts_loaded',
    'Scripts loaded in front of a request that runs them.',
  ),
  counter('discarded_replies', 'discarded_replies', 'Replies whose client was gone.'),
  counter('streamed_replies', 'streamed_replies', 'Replies forwarded while they arrived.'),
  counter('streamed_requests', 'streamed_requests', 'Requests forwarded while they arrived.'),
  counter(
    'messages_delivered',
    'messages_delivered',
    'Messages of channels, counted per subscriber.',
  ),
  counter('pushes', 'pushes', 'RESP3 pushes of servers.'),
  counter('memory_stops', 'memory_stops', 'Times that a client was not read for want of memory.'),
];

/** Kinds of memory in `native/plane/owned_bytes.h`. */
const MEMORY_KINDS: Readonly<Record<string, string>> = {
  memory_input: 'input',
  memory_output: 'output',
  memory_requests: 'requests',
  memory_links: 'links',
  memory_transactions: 'transactions',
  memory_chunks: 'chunks',
  memory_records: 'records',
};

const GAUGES: readonly Definition[] = [
  gauge('clients', 'slotgate_clients', 'Connected clients.'),
  gauge('links', 'slotgate_links', 'Connections to servers.'),
  gauge(
    'headers_awaited',
    'slotgate_awaited_proxy_headers',
    'Connections whose PROXY header has not come yet.',
  ),
  gauge(
    'bound_clients',
    'slotgate_bound_clients',
    'Clients with links of their own: tracking, CLIENT NO-TOUCH, WAITAOF.',
  ),
  gauge('held_now', 'slotgate_held_requests', 'Requests waiting for their shard now.'),
  gauge('held_bytes_now', 'slotgate_held_bytes', 'Bytes of the requests waiting now.'),
  gauge(
    'memory_stopped_now',
    'slotgate_memory_stopped_clients',
    'Clients that are not read now for want of memory.',
  ),
  ...Object.entries(MEMORY_KINDS).map(([figure, kind]) => ({
    ...gauge(figure, 'slotgate_memory_bytes', 'Memory that traffic uses, by what for.'),
    labels: { kind },
  })),
];

/** One sample per figure and worker. */
export function planeMetrics(workers: readonly WorkerFigures[]): MetricSnapshot {
  return {
    counters: COUNTERS.flatMap((definition) => samples(definition, workers)),
    gauges: GAUGES.flatMap((definition) => samples(definition, workers)),
  };
}

function samples(
  { figure, name, help, labels }: Definition,
  workers: readonly WorkerFigures[],
): readonly MetricSample[] {
  return workers.map((figures, worker) => ({
    name,
    help,
    labels: { ...labels, worker: String(worker) },
    value: figures[figure] ?? 0,
  }));
}

function counter(figure: string, name: string, help: string): Definition {
  return { figure, name: `slotgate_${name}_total`, help };
}

function gauge(figure: string, name: string, help: string): Definition {
  return { figure, name, help };
}

function labelled(
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, string>>,
): readonly Definition[] {
  return Object.entries(values).map(([figure, value]) => ({
    ...counter(figure, name, help),
    labels: { [label]: value },
  }));
}
