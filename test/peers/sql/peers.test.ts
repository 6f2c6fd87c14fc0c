import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keys, type Serving, serving } from '../../api/sql/serving.ts';

/**
 * Drivers in other languages. Each needs its language and its packages, so they run when they are asked for:
 * SQL_PEERS=python,go,java, with PEERS_PYTHON naming an interpreter that has the packages.
 */
const wanted = new Set((process.env.SQL_PEERS ?? '').split(',').filter((name) => name !== ''));
const here = new URL('.', import.meta.url).pathname;
const python = process.env.PEERS_PYTHON ?? 'python3';

const peers: [name: string, command: string, args: string[], folder: string][] = [
  ['python', python, ['connect.py'], 'python'],
  ['python', python, ['alchemy.py'], 'python'],
  ['go', 'go', ['run', '.'], 'go'],
  ['java', 'mvn', ['-q', '-B', '-e', 'compile', 'exec:java'], 'java'],
];

describe.skipIf(wanted.size === 0)('drivers in other languages', () => {
  let server: Serving;
  beforeAll(async () => {
    server = await serving();
  });
  afterAll(() => server.close());

  test.each(peers.filter(([name]) => wanted.has(name)))(
    '%s: %s %o',
    async (_name, command, args, folder) => {
      const { hostname, port } = new URL(server.url);
      const child = spawn(command, args, {
        cwd: `${here}${folder}`,
        env: { ...process.env, SQL_HOST: hostname, SQL_PORT: port, SQL_KEY: keys.all },
      });
      let output = '';
      child.stdout.on('data', (part) => (output += part));
      child.stderr.on('data', (part) => (output += part));
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code, output).toBe(0);
      process.stdout.write(output);
    },
    300_000,
  );
});
