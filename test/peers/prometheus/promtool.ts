import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Prometheus' own tool for testing rules: `promtool test rules`, as Debian packages it. */

export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Times are milliseconds from the start of the test. */
export interface Sample {
  time: number;
  value: number;
}

interface InputSeries {
  series: string;
  values: string;
}

/** One `promql_expr_test`: the samples are all that the expression gives, and exactly these. */
export interface ExpressionTest {
  expr: string;
  eval_time: string;
  exp_samples: { labels: string; value: number }[];
}

/** One entry of `tests` in a test file; what other kinds of tests need is added as Prometheus names it. */
export interface PromtoolTest {
  interval: string;
  input_series: InputSeries[];
  promql_expr_test?: ExpressionTest[];
  alert_rule_test?: unknown[];
}

/** A series on the grid of the test's interval, on which every sample has to lie; `_` is no sample. */
export function inputSeries(series: string, samples: readonly Sample[], intervalMs: number): InputSeries {
  const values: string[] = [];
  let next = 0;
  for (const { time, value } of samples) {
    const missing = time / intervalMs - next;
    if (!Number.isInteger(missing) || missing < 0) throw new RangeError(`no sample can lie at ${time} ms`);
    if (missing > 0) values.push(`_x${missing}`);
    values.push(String(value));
    next += missing + 1;
  }
  return { series, values: values.join(' ') };
}

/** As PromQL writes durations. */
export function duration(ms: number): string {
  const parts = [
    [Math.floor(ms / 60_000), 'm'],
    [Math.floor((ms % 60_000) / 1_000), 's'],
    [ms % 1_000, 'ms'],
  ] as const;
  const text = parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
  return text === '' ? '0s' : text;
}

/** `rules` is the content of a rules file, when the tests need one. */
export async function runPromtool(
  tests: readonly PromtoolTest[],
  rules?: object,
): Promise<{ agrees: boolean; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-promtool-'));
  try {
    const files = rules === undefined ? [] : ['rules.yml'];
    if (rules !== undefined) await writeFile(join(folder, 'rules.yml'), stringify(rules));
    const document = { rule_files: files, evaluation_interval: '1s', tests };
    // Aliases and folded lines are not what this tool is tested for.
    const text = stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
    await writeFile(join(folder, 'test.yml'), text);
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.yml'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64_000_000,
    });
    return { agrees: status === 0, output: stdout + stderr };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
