import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { drainPending, Session } from 'chdb';
import { analystDatabases } from '../../api/sql/ports.ts';
import { engineUsers } from './analystAccess.ts';

/**
 * The ClickHouse engine inside this process. It is one per process and per data path; sessions on it run one statement
 * at a time each, in parallel with one another.
 */
export interface ChdbEngine {
  path: string;
  /** Where batches wait for the engine to read them. */
  spoolFolder: string;
  connectionArgs: readonly string[];
  openSession(): Session;
  close(): Promise<void>;
}

export async function openChdbEngine(options: { path: string; memoryBytes?: number }): Promise<ChdbEngine> {
  const root = resolve(options.path);
  const path = join(root, 'store');
  const spoolFolder = join(root, 'spool');
  // What a killed process left behind was never acknowledged as inserted; its batch will be written again.
  await rm(spoolFolder, { recursive: true, force: true });
  await mkdir(spoolFolder, { recursive: true });
  await mkdir(path, { recursive: true });
  const configFile = join(root, 'engine.xml');
  const usersFile = join(root, 'users.xml');
  await writeFile(usersFile, engineUsers(analystDatabases));
  await writeFile(configFile, engineConfig(usersFile, options.memoryBytes ?? 400 * 1024 * 1024));
  const connectionArgs = [`--config-file=${configFile}`];
  // The first session fixes the engine's configuration and keeps it loaded until the end.
  const first = new Session(path, { connectionArgs });
  const sessions = [first];
  let closed = false;
  return {
    path,
    spoolFolder,
    connectionArgs,
    openSession() {
      const session = new Session(path);
      sessions.push(session);
      return session;
    },
    async close() {
      if (closed) return;
      closed = true;
      await drainPending();
      for (const session of sessions.reverse()) session.close();
      await drainPending();
    },
  };
}

const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * A server's caches and pools, cut down to what shares two cores and half a gigabyte with the rest of the program.
 * Merges give way to everything else: nobody waits for them.
 */
const engineConfig = (usersFile: string, memoryBytes: number): string => `<clickhouse>
  <users_config>${xmlText(usersFile)}</users_config>
  <ignore_empty_sql_security_in_create_view_query>0</ignore_empty_sql_security_in_create_view_query>
  <timezone>UTC</timezone>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
  <mark_cache_size>16777216</mark_cache_size>
  <index_mark_cache_size>8388608</index_mark_cache_size>
  <primary_index_cache_size>16777216</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <mmap_cache_size>0</mmap_cache_size>
  <compiled_expression_cache_size>0</compiled_expression_cache_size>
  <query_cache><max_size_in_bytes>0</max_size_in_bytes></query_cache>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>2</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <os_threads_nice_value_merge_mutate>10</os_threads_nice_value_merge_mutate>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    <max_bytes_to_merge_at_max_space_in_pool>1073741824</max_bytes_to_merge_at_max_space_in_pool>
    <merge_max_block_size>2048</merge_max_block_size>
    <merge_max_block_size_bytes>2097152</merge_max_block_size_bytes>
  </merge_tree>
</clickhouse>
`;
