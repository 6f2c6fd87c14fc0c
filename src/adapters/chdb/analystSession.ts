import type { AnalystLimits, AnalystQuery } from '../../api/sql/ports.ts';
import { quote } from '../../projections/sql.ts';
import { analystSettings } from '../analystSettings.ts';
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
    ...Object.entries(analystSettings(rules.limits)),
    ...Object.entries(sharing),
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

/** The embedded engine shares its process with the rest of the program. */
const sharing: Record<string, string> = {
  // Compiling a statement to machine code takes longer than most of them run.
  compile_expressions: '0',
  compile_aggregate_expressions: '0',
  compile_sort_description: '0',
  // Time is looked at between blocks.
  max_block_size: '8192',
  enable_analyzer: '1',
  use_query_cache: '0',
  log_queries: '0',
  output_format_parallel_formatting: '0',
};

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
