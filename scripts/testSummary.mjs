// @ts-check
// Prints how the last test runs ended, from vitest's own reports, as one line; fails when anything failed or in one
// of them nothing ran.
// usage: node scripts/testSummary.mjs <report.json>…
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileResult
 * @typedef {{ success: boolean, testResults: FileResult[] }} Report
 * @param {string} path
 * @returns {Report | undefined}
 */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
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

const total = { passed: 0, failed: 0, skipped: 0 };
let isWhole = process.argv.length > 2;
for (const path of process.argv.slice(2)) {
  const report = readReport(path);
  if (report === undefined) console.error(`no report ${path}: the tests did not run to their end`);
  const { passed, failed, skipped } = report ? count(report) : { passed: 0, failed: 1, skipped: 0 };
  isWhole &&= passed > 0 && failed === 0;
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}
const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (!isWhole) process.exitCode = 1;
