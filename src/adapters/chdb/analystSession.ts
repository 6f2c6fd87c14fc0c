import type { AnalystLimits, AnalystQuery } from '../../api/sql/ports.ts';
import { quote } from '../../projections/sql.ts';
import { analystRole } from './analystAccess.ts';

export interface SessionRules {
  database: string;
  views: readonly string[];
  limits: AnalystLimits;
}

/** What a session can do from then on: read the views and their shadows. */
export const confined = `SET ROLE ${analystRole}; SET readonly = 1`;

/**
 * What the engine itself holds an analyst's session to, after the door has checked the statement: a second line. All
 * of it is read-only by the last of these statements.
 */
export function sessionStatements(
  query: AnalystQuery,
  comment: string,
  rules: SessionRules,
  known: ReadonlySet<string>,
): string {
  const settings = new Map<string, string>([
    ...Object.entries(limits(rules.limits)),
    ...query.settings,
    ...(query.project === '*' ? [] : Object.entries(inOrder)),
    ['log_comment', comment],
  ]);
  const statements = [...settings]
    .filter(([name]) => known.has(name))
    .map(([name, value]) => `SET ${name} = ${quote(value)}`);
  const params = [...query.params].map(([name, value]) => `SET param_${name} = ${quote(value)}`);
  return [
    `USE \`${query.database}\``,
    ...statements,
    ...params,
    ...projectFilter(query.project, rules),
    confined,
  ].join('; ');
}

const limits = (l: AnalystLimits): Record<string, string> => ({
  max_execution_time: String(l.seconds),
  timeout_overflow_mode: 'throw',
  max_memory_usage: String(l.memoryBytes),
  max_result_rows: String(l.resultRows),
  max_result_bytes: String(l.resultBytes),
  result_overflow_mode: 'throw',
  max_threads: String(l.threads),
  // Compiling a statement to machine code takes longer than most of them run.
  compile_expressions: '0',
  compile_aggregate_expressions: '0',
  compile_sort_description: '0',
  // Time is looked at between blocks.
  max_block_size: '8192',
  max_query_size: '4194304',
  max_ast_depth: '1000',
  max_ast_elements: '50000',
  max_expanded_ast_elements: '100000',
  max_subquery_depth: '50',
  max_recursive_cte_evaluation_depth: '100',
  function_range_max_elements_in_block: '10000000',
  regexp_max_matches_per_row: '10000',
  // Nothing is put on the disk but the answer.
  max_bytes_before_external_group_by: '0',
  max_bytes_before_external_sort: '0',
  max_bytes_ratio_before_external_group_by: '0',
  max_bytes_ratio_before_external_sort: '0',
  enable_analyzer: '1',
  allow_ddl: '0',
  allow_introspection_functions: '0',
  use_query_cache: '0',
  log_queries: '0',
  output_format_parallel_formatting: '0',
});

/**
 * With a key of one project, an expression of the analyst's must not be computed on another project's row, not even
 * to fail on it: a message can quote a value. These keep the engine from moving it before the project's filter.
 */
const inOrder: Record<string, string> = {
  optimize_move_to_prewhere: '0',
  query_plan_optimize_prewhere: '0',
  query_plan_merge_filters: '0',
  enable_join_runtime_filters: '0',
  query_plan_filter_push_down: '0',
  short_circuit_function_evaluation: 'force_enable',
};

function projectFilter(project: string, rules: SessionRules): string[] {
  if (project === '*') return [];
  const filter = quote(`project = ${quote(project)}`);
  const entries = rules.views.map((view) => `${quote(`${rules.database}.${view}`)}: ${filter}`);
  return [`SET additional_table_filters = {${entries.join(', ')}}`];
}
