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

function summaryOf(success: boolean, ...testResults: ReturnType<typeof file>[]) {
  const report = join(folder, 'report.json');
  writeFileSync(report, JSON.stringify({ success, testResults }));
  const { status, stdout } = spawnSync(process.execPath, ['scripts/testSummary.mjs', report], {
    encoding: 'utf8',
  });
  return { status, line: stdout.trim() };
}

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
