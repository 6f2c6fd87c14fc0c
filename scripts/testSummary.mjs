// @ts-check
// Prints how the last test run ended, from vitest's own report, as one line; fails when anything failed or
// nothing ran.
// usage: node scripts/testSummary.mjs <report.json>
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileResult
 * @typedef {{ success: boolean, testResults: FileResult[] }} Report
 * @returns {Report | undefined}
 */
function readReport() {
  try {
    return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {Report} report */
function count(report) {
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  // A file that cannot even be loaded has no tests to fail.
  const failedFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const failed = failedTests + failedFiles;
  return {
    passed,
    skipped: statuses.length - passed - failedTests,
    // An error outside of any test fails the run, too.
    failed: failed === 0 && !report.success ? 1 : failed,
  };
}

const report = readReport();
if (report === undefined) console.error('no report: the tests did not run to their end');
const { passed, failed, skipped } = report ? count(report) : { passed: 0, failed: 1, skipped: 0 };
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
