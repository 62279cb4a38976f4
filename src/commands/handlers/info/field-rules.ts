/**
 * How the values of one INFO field, from all primaries, become one.
 * - `sum`: added (exact for integers of any size, else with the decimals of the first).
 * - `max`, `min`: the largest, the smallest number.
 * - `worst`: the first that is not `ok`.
 * - `human`: the base field's merged bytes in K, M, G …
 * - `own`: the proxy's value. `drop`: left out, as it means nothing for several servers.
 * - `first`: that of the first server; also the rule of every field that is not listed.
 */
export type FieldRule = 'sum' | 'max' | 'min' | 'worst' | 'human' | 'own' | 'drop' | 'first';

const FIELDS: Readonly<Record<Exclude<FieldRule, 'first' | 'human'>, string>> = {
  own: `
    redis_mode server_mode process_id run_id tcp_port uptime_in_seconds uptime_in_days
    connected_clients maxclients loading async_loading role cluster_enabled`,
  drop: `
    executable config_file unixsocket availability_zone shutdown_in_milliseconds
    cluster_connections connected_slaves min_slaves_good_slaves master_failover_state
    second_repl_offset repl_backlog_first_byte_offset`,
  sum: `
    blocked_clients tracking_clients pubsub_clients watching_clients clients_in_timeout_table
    total_watched_keys total_blocking_keys total_blocking_keys_on_nokey
    used_memory used_memory_rss used_memory_peak used_memory_overhead used_memory_startup
    used_memory_dataset allocator_allocated allocator_active allocator_resident allocator_muzzy
    used_memory_lua used_memory_vm_eval used_memory_scripts_eval used_memory_vm_functions
    used_memory_vm_total used_memory_functions used_memory_scripts maxmemory
    allocator_frag_bytes allocator_rss_bytes rss_overhead_bytes mem_fragmentation_bytes
    mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers
    mem_clients_slaves mem_clients_normal mem_cluster_links mem_aof_buffer
    mem_overhead_db_hashtable_rehashing lazyfree_pending_objects lazyfreed_objects
    current_cow_peak current_cow_size current_save_keys_processed current_save_keys_total
    rdb_changes_since_last_save rdb_saves rdb_last_cow_size rdb_last_load_keys_expired
    rdb_last_load_keys_loaded aof_rewrites aof_last_cow_size module_fork_last_cow_size
    aof_current_size aof_base_size aof_buffer_length aof_pending_bio_fsync aof_delayed_fsync
    total_connections_received total_commands_processed instantaneous_ops_per_sec
    total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes
    total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps
    instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections sync_full
    sync_partial_ok sync_partial_err expired_keys expired_time_cap_reached_count
    expire_cycle_cpu_milliseconds evicted_keys evicted_clients evicted_scripts
    total_eviction_exceeded_time current_eviction_exceeded_time keyspace_hits keyspace_misses
    total_forks migrate_cached_sockets slave_expires_tracked_keys
    active_defrag_hits active_defrag_misses active_defrag_key_hits active_defrag_key_misses
    total_active_defrag_time current_active_defrag_time tracking_total_keys tracking_total_items
    tracking_total_prefixes unexpected_error_replies total_error_replies
    dump_payload_sanitizations total_reads_processed total_writes_processed
    io_threaded_reads_processed io_threaded_writes_processed io_threaded_freed_objects
    io_threaded_poll_processed io_threaded_total_prefetch_batches
    io_threaded_total_prefetch_entries client_query_buffer_limit_disconnections
    client_output_buffer_limit_disconnections reply_buffer_shrinks reply_buffer_expands
    acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel
    eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum eventloop_duration_aof_sum
    eventloop_duration_cron_sum instantaneous_eventloop_cycles_per_sec
    pubsub_channels pubsub_patterns pubsubshard_channels
    repl_backlog_size repl_backlog_histlen replicas_repl_buffer_size replicas_repl_buffer_peak
    replicas_waiting_psync used_cpu_sys used_cpu_user used_cpu_sys_children
    used_cpu_user_children used_cpu_sys_main_thread used_cpu_user_main_thread`,
  max: `
    server_time_usec lru_clock hz configured_hz io_threads_active client_recent_max_input_buffer
    client_recent_max_output_buffer used_memory_peak_perc used_memory_dataset_perc
    total_system_memory number_of_cached_scripts number_of_functions number_of_libraries
    allocator_frag_ratio allocator_rss_ratio rss_overhead_ratio mem_fragmentation_ratio
    active_defrag_running current_cow_size_age current_fork_perc rdb_bgsave_in_progress
    rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec aof_enabled aof_rewrite_in_progress
    aof_rewrite_scheduled aof_pending_rewrite aof_last_rewrite_time_sec
    aof_current_rewrite_time_sec aof_rewrites_consecutive_failures module_fork_in_progress
    expired_stale_perc latest_fork_usec eventloop_cmd_per_cycle_max eventloop_duration_max
    instantaneous_eventloop_duration_usec master_repl_offset repl_backlog_active`,
  min: 'rdb_last_save_time',
  worst: 'rdb_last_bgsave_status aof_last_bgrewrite_status aof_last_write_status',
};

const RULES: ReadonlyMap<string, FieldRule> = new Map(
  (['own', 'drop', 'sum', 'max', 'min', 'worst'] as const).flatMap((rule) =>
    FIELDS[rule]
      .trim()
      .split(/\s+/)
      .map((field) => [field, rule] as const),
  ),
);

const HUMAN = '_human';
/** Lines whose number differs: addresses of replicas, listeners, a loading that is running. */
const DROPPED = /^(slave\d+|listener\d+|loading_.*|master_(host|port|link_.*|last_.*|sync_.*))$/;

export function fieldRule(field: string): FieldRule {
  if (field.endsWith(HUMAN)) {
    return 'human';
  }
  return RULES.get(field) ?? (DROPPED.test(field) ? 'drop' : 'first');
}

/** `used_memory` for `used_memory_human`. */
export function humanBase(field: string): string {
  return field.slice(0, -HUMAN.length);
}
