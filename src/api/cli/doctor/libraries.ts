import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { duration } from '../text.ts';
import { type Check, type Finding, ok, problem } from './check.ts';

const run = promisify(execFile);

/**
 * Each native library is tried in a process of its own: one that does not fit the machine ends its process, and would
 * end the examination with it.
 */
async function tryLibrary(
  { packageFolder, env }: { packageFolder: string; env: NodeJS.ProcessEnv },
  name: string,
  what: string,
  script: string,
): Promise<Finding> {
  const startedAt = performance.now();
  try {
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await run(process.execPath, args, { cwd: packageFolder, env, timeout: 60_000 });
    return ok(name, `${what} ${stdout.trim()}, loaded in ${duration(performance.now() - startedAt)}`);
  } catch (error) {
    const advice = 'Run npm ci again on this machine; a node_modules folder of another system does not fit.';
    return problem(name, `${what} does not load: ${reasonOf(error)}`, advice);
  }
}

function reasonOf(error: unknown): string {
  const { signal, stderr = '', killed } = error as { signal?: string; stderr?: string; killed?: boolean };
  if (killed) return 'it did not answer within a minute';
  if (signal) return `its process ended with ${signal}`;
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line !== '') ?? String(error);
}

const inTemporaryFolder = `
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
const folder = mkdtempSync(join(tmpdir(), 'chronoscope-doctor-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
`;

const tryLmdb = `${inTemporaryFolder}
import { open } from 'lmdb';
const db = open({ path: folder });
await db.put('a', 1);
await db.flushed;
if (db.get('a') !== 1) throw new Error('what was written cannot be read');
await db.close();
console.log('writes and reads');
`;

const tryChdb = `${inTemporaryFolder}
import { Session } from 'chdb';
const session = new Session(folder);
console.log(String(session.query('SELECT version()', 'TSV')).trim());
session.close();
`;

export const logLibrary: Check = async (patient) => {
  if (patient.settings !== undefined && !patient.settings.log.startsWith('lmdb:')) return [];
  return [await tryLibrary(patient, 'log library', 'LMDB', tryLmdb)];
};

export const engineLibrary: Check = async (patient) => {
  if (patient.settings !== undefined && !patient.settings.read.startsWith('chdb:')) return [];
  return [await tryLibrary(patient, 'engine library', 'the embedded ClickHouse', tryChdb)];
};
