import { refuse } from './errors.ts';
import type { AnalystLimits } from './ports.ts';

/**
 * How answers are written: nothing in these reaches a file or lifts a limit. Most of them are switches; a few are a
 * separator or the spelling of a value.
 */
const outputPrefixes = [
  'output_format_arrow_',
  'output_format_avro_',
  'output_format_binary_',
  'output_format_bson_',
  'output_format_csv_',
  'output_format_json_',
  'output_format_markdown_',
  'output_format_msgpack_',
  'output_format_native_',
  'output_format_orc_',
  'output_format_parquet_',
  'output_format_pretty_',
  'output_format_sql_insert_',
  'output_format_tsv_',
  'output_format_values_',
  'format_csv_',
  'format_tsv_',
  'format_custom_',
];

const meaning: ReadonlySet<string> = new Set([
  'aggregate_functions_null_for_empty',
  'bool_false_representation',
  'bool_true_representation',
  'cast_keep_nullable',
  'date_time_output_format',
  'extremes',
  'group_by_use_nulls',
  'join_use_nulls',
  'limit',
  'offset',
  'output_format_decimal_trailing_zeros',
  'output_format_float_precision',
  'output_format_write_statistics',
  'prefer_column_name_to_alias',
  'result_overflow_mode',
  'session_timezone',
  'totals_mode',
  'transform_null_in',
  'union_default_mode',
]);

/** What clients set out of habit and what means nothing to a read-only engine inside of a process. */
const ignored =
  /^(?:readonly|log_queries|query_id|use_uncompressed_cache|send_logs_level|send_progress_in_http_headers|wait_end_of_query|buffer_size|http_.*|enable_http_compression|cancel_http_readonly_queries_on_client_close|connect_timeout.*|receive_timeout|send_timeout|poll_interval|idle_connection_timeout|keep_alive_timeout|network_compression_.*|insert_.*|async_insert.*|wait_for_async_insert.*|input_format_.*|allow_experimental_.*|enable_json_type|enable_time_time64_type|allow_suspicious_.*|mutations_sync|alter_sync|replication_.*|select_sequential_consistency|distributed_.*|load_balancing|priority|workload|log_comment|quota_key|opentelemetry_.*|compatibility|add_http_cors_header|database_atomic_wait_for_drop_and_detach_synchronously|allow_nondeterministic_mutations|query_cache_.*|use_query_cache|max_insert_.*|max_partitions_per_insert_block)$/;

const limitNames = [
  'max_execution_time',
  'max_memory_usage',
  'max_result_rows',
  'max_result_bytes',
  'max_threads',
  'max_block_size',
  'max_rows_to_read',
  'max_bytes_to_read',
  'max_rows_to_group_by',
  'max_rows_in_set',
  'max_rows_in_join',
];

/** Drivers ask which settings they may send, and keep back or refuse the others themselves. */
export const isTaken = (name: string): boolean =>
  changesAnswers(name) || limitNames.includes(name) || ignored.test(name);

const changesAnswers = (name: string): boolean =>
  meaning.has(name) || outputPrefixes.some((prefix) => name.startsWith(prefix));

/** Limits that a client may make tighter. */
const ceilings = (limits: AnalystLimits): Record<string, number> => ({
  ...Object.fromEntries(limitNames.map((name) => [name, Number.POSITIVE_INFINITY])),
  max_execution_time: limits.seconds,
  max_memory_usage: limits.memoryBytes,
  max_result_rows: limits.resultRows,
  max_result_bytes: limits.resultBytes,
  max_threads: limits.threads,
  max_block_size: 65_409,
});

/** Sorts a client's settings into those to be made and those to be passed over, and refuses the rest. */
export function admitted(
  wanted: Iterable<readonly [string, string]>,
  known: ReadonlySet<string>,
  limits: AnalystLimits,
): Map<string, string> {
  const highest = ceilings(limits);
  const made = new Map<string, string>();
  for (const [name, value] of wanted) {
    const ceiling = highest[name];
    if (ceiling !== undefined) tighten(made, name, value, ceiling);
    else if (changesAnswers(name)) {
      if (!known.has(name)) throw unknown(name);
      made.set(name, value);
    } else if (!ignored.test(name)) {
      throw known.has(name)
        ? refuse('READONLY', `Cannot modify '${name}' setting in readonly mode`)
        : unknown(name);
    }
  }
  return made;
}

const unknown = (name: string) => refuse('UNKNOWN_SETTING', `Unknown setting '${name}'`);

function tighten(made: Map<string, string>, name: string, value: string, ceiling: number): void {
  const wanted = Number(value);
  if (!/^\d+(?:\.\d+)?$/.test(value))
    throw refuse('BAD_ARGUMENTS', `Setting ${name} takes a number, not '${value}'`);
  // Zero is "no limit" to the engine.
  if (wanted > 0 && wanted < ceiling) made.set(name, value);
}
