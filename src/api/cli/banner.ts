import { resolve } from 'node:path';
import type { RunningApp } from './ports.ts';
import type { Palette } from './terminal.ts';

/** What a person sees when the engine is up: where it is and, the first time, how to begin. */
export function banner(
  app: RunningApp,
  {
    version,
    dataFolder,
    tookMs,
    demo,
  }: { version: string; dataFolder: string; tookMs: number; demo: boolean },
  paint: Palette,
): string {
  const row = (name: string, value: string, note = '') =>
    `  ${paint.dim(name.padEnd(9))} ${paint.bold(value)}${note === '' ? '' : `  ${paint.dim(note)}`}`;
  const lines = [
    '',
    `  ${paint.cyan('◷')} ${paint.bold('Chronoscope')} ${version}  ${paint.dim(`ready in ${(tookMs / 1000).toFixed(1)} s`)}`,
    '',
    row('address', app.address, 'API pages: /docs'),
  ];
  if (app.sqlAddress !== undefined) lines.push(row('SQL', app.sqlAddress, 'any user, a key as password'));
  lines.push(row('data', resolve(dataFolder)));
  lines.push(row('alerts', ...alertsLine(app.alerts)));
  if (demo) lines.push(row('demo', 'a simulated bot is sending', 'its story: docs/demo.md'));
  if (app.firstAdminKey !== undefined) lines.push(...firstSteps(app.address, app.firstAdminKey, paint));
  lines.push('');
  return lines.join('\n');
}

const sources: Readonly<Record<string, string>> = {
  builtin: 'built in',
  file: 'from the file',
  api: 'from the API',
};

function alertsLine({ rules, source, channels }: RunningApp['alerts']): [value: string, note: string] {
  const what = `${rules} ${rules === 1 ? 'rule' : 'rules'}, ${sources[source] ?? source}`;
  // Whoever relies on being told should learn here that nobody would be.
  return channels.length === 0
    ? [what, 'no channel, so nobody is told: docs/notifications.md']
    : [`${what} → ${channels.join(', ')}`, ''];
}

/** Each command stands at the line's start, so that a paste takes it whole. */
function firstSteps(address: string, key: string, paint: Palette): string[] {
  const authorization = `-H 'Authorization: Bearer ${key}'`;
  return [
    `  ${paint.dim('admin key')} ${paint.bold(paint.yellow(key))}`,
    `            ${paint.dim('shown this once; more with: chronoscope keys create')}`,
    '',
    `  ${paint.dim('Send an event:')}`,
    `curl ${address}/v1/events \\`,
    `  ${authorization} \\`,
    `  -d '{"type":"request","operation":"hello","durationMs":42}' \\`,
    `  -H 'Content-Type: application/json'`,
    '',
    `  ${paint.dim('See it:')}`,
    `curl ${address}/v1/latency \\`,
    `  ${authorization}`,
  ];
}
