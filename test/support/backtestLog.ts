import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbLog } from '../../src/adapters/lmdb/eventLog.ts';
import { event } from './events.ts';

/** A log on disk with an incident in it: from minute 10 to 15, half of the requests fail. */

const minute = 60_000;
export const logStart = Date.UTC(2026, 9, 1, 12);
export const logEnd = logStart + 30 * minute;

export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'chronoscope-backtest-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function openIncidentLog(path: string, start = logStart) {
  let now = start;
  const log = await openLmdbLog({ path, clock: () => now });
  for (let at = start; at < start + 30 * minute; at += minute) {
    const fails = at >= start + 10 * minute && at < start + 15 * minute;
    const events = Array.from({ length: 60 }, (_, n) =>
      event('RequestCompleted', {
        occurredAt: at + n * 1_000,
        data: { status: fails && n % 2 === 0 ? 'error' : 'success' },
      }),
    );
    for (const one of events) {
      now = one.occurredAt;
      await log.append([{ stream: 'telemetry', events: [one], expected: 'any' }]);
    }
  }
  return log;
}

export const incidentRules = (above = '20%'): string => `
rules:
  - name: error-rate
    measure: error_rate
    by: [service]
    window: 1m
    every: 1s
    warning: { above: ${above}, for: 0s }
    minimumVolume: 5
    title: "{{service}} fails"
`;
