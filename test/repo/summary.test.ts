import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

type Run = { success: boolean; testResults: ReturnType<typeof file>[] };

function summaryOfAll(...runs: Run[]) {
  const reports = runs.map((run, number) => {
    const report = join(folder, `report-${number}.json`);
    writeFileSync(report, JSON.stringify(run));
    return report;
  });
  const { status, stdout } = spawnSync(process.execPath, ['scripts/testSummary.mjs', ...reports], {
    encoding: 'utf8',
  });
  return { status, line: stdout.trim() };
}

const summaryOf = (success: boolean, ...testResults: Run['testResults']) =>
  summaryOfAll({ success, testResults });

describe('the closing line of a test run', () => {
  it('counts what passed and what was skipped', () => {
    const summary = summaryOf(true, file('passed', 'passed', 'passed'), file('passed', 'passed', 'skipped'));
    expect(summary).toEqual({ status: 0, line: '3 passed, 0 failed, 1 skipped' });
  });

  it('fails with a failed test', () => {
    const summary = summaryOf(false, file('failed', 'passed', 'failed'));
    expect(summary).toEqual({ status: 1, line: '1 passed, 1 failed' });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const summary = summaryOf(false, file('passed', 'passed'), file('failed'));
    expect(summary).toEqual({ status: 1, line: '1 passed, 1 failed' });
  });

  it('counts an error outside of any test as a failure', () => {
    expect(summaryOf(false, file('passed', 'passed'))).toEqual({ status: 1, line: '1 passed, 1 failed' });
  });

  it('adds up several runs, and fails when one of them failed or ran nothing', () => {
    const good = { success: true, testResults: [file('passed', 'passed', 'skipped')] };
    const bad = { success: false, testResults: [file('failed', 'failed')] };
    expect(summaryOfAll(good, good)).toEqual({ status: 0, line: '2 passed, 0 failed, 2 skipped' });
    expect(summaryOfAll(good, bad)).toEqual({ status: 1, line: '1 passed, 1 failed, 1 skipped' });
    expect(summaryOfAll(good, { success: true, testResults: [] }).status).toBe(1);
  });

  it('fails when nothing ran', () => {
    expect(summaryOf(true)).toEqual({ status: 1, line: '0 passed, 0 failed' });
  });

  it('fails without a report', () => {
    const missing = spawnSync(process.execPath, ['scripts/testSummary.mjs', join(folder, 'none.json')], {
      encoding: 'utf8',
    });
    expect(missing).toMatchObject({ status: 1, stdout: '0 passed, 1 failed\n' });
  });
});
