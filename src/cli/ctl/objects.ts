/** The fields of the REST objects that `slotgate ctl` shows. */

export interface NodeObject {
  readonly uid: number;
  readonly name: string;
  readonly addr: string;
  readonly external_addr: readonly string[];
  readonly hostname: string | null;
  readonly rack_id: string | null;
  readonly status: string;
  readonly status_reason: string;
  readonly shard_count: number;
  readonly is_local: boolean;
}

export interface EndpointSettings {
  readonly uid: string;
  readonly addr: readonly string[];
  readonly include_proxies: readonly string[];
  readonly exclude_proxies: readonly string[];
}

export interface Verdict {
  readonly kind: 'ok' | 'refused';
  readonly why?: string;
}

export interface DatabaseObject {
  readonly uid: number;
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly port: number;
  readonly shards_count: number;
  readonly shards_placement: string;
  readonly replication: boolean;
  readonly oss_cluster: boolean;
  readonly slotgate_mode: string;
  readonly proxy_policy: string;
  readonly oss_cluster_api_preferred_ip_type: string;
  readonly oss_cluster_api_preferred_endpoint_type: string;
  readonly endpoints: readonly EndpointSettings[];
  readonly conns: number;
  readonly topology_version: number | null;
  /** For clients of the proxy's machine, and for others; null in the modes that show no servers. */
  readonly stepping_aside: { readonly local: Verdict; readonly remote: Verdict } | null;
}

export interface EndpointObject {
  readonly uid: string;
  readonly bdb_uid: number;
  readonly node_uid: number;
  readonly addr: readonly string[];
  readonly is_chosen: boolean;
  readonly state: string;
  readonly conns: number;
  readonly problem: string;
}

export interface ShardObject {
  readonly uid: number;
  readonly bdb_uid: number;
  readonly node_uid: number | null;
  readonly role: string;
  readonly assigned_slots: string;
  readonly detailed_status: string;
  /** closed, half_open or open. */
  readonly circuit: string;
  readonly address: string;
}
