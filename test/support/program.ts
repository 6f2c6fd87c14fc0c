import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stamp = join(root, 'dist', '.built-for-tests');
const lock = join(root, 'node_modules', '.chronoscope-build');

const modified = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isFresh(): boolean {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => modified(join(entry.parentPath, entry.name)));
  return modified(stamp) > Math.max(...sources) && modified(join(root, 'dist', 'main.js')) > 0;
}

/** Test files run side by side; whoever makes the folder first builds, the others wait for it to go. */
function takeLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    if (Date.now() - modified(lock) > 120_000) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

/** Builds what `bin/chronoscope.mjs` runs, if the sources are newer; types are checked elsewhere. */
export async function buildProgram(): Promise<void> {
  while (!isFresh()) {
    if (!takeLock()) {
      await wait(100);
      continue;
    }
    try {
      const startedAt = new Date();
      const flags = [
        '--noCheck',
        '--incremental',
        'false',
        '--tsBuildInfoFile',
        'null',
        '--declaration',
        'false',
      ];
      const tsc = join(root, 'node_modules', '.bin', 'tsc');
      const built = await start(tsc, ['-p', join(root, 'tsconfig.build.json'), ...flags], {}).ended;
      if (built.code !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
      writeFileSync(stamp, startedAt.toISOString());
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  pid: number;
  /** Resolves when the text has appeared on either output; rejects when the program ends without it. */
  says(text: string | RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Ended>;
}

/** The surroundings without any of our own variables, so that a developer's settings change no test. */
function cleanEnv(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CHRONOSCOPE_|NO_COLOR$|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}

export function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Running {
  const child = spawn(command, args, { cwd: root, env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const hear = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    hear();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    hear();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      hear();
    });
  });
  const said = (text: string | RegExp) => {
    const all = `${stdout}\n${stderr}`;
    return typeof text === 'string' ? all.includes(text) : text.test(all);
  };
  return {
    pid: child.pid ?? -1,
    kill: (signal) => void child.kill(signal),
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const over = child.exitCode !== null || child.signalCode !== null;
          if (said(text)) resolve(stdout);
          else if (over) reject(new Error(`it ended without saying ${text}: ${stdout}${stderr}`));
          else return;
          listeners.delete(check);
        };
        listeners.add(check);
        check();
      }),
  };
}

const bin = join(root, 'bin', 'chronoscope.mjs');

/** Starts the command line as a user would. */
export const startProgram = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running =>
  start(process.execPath, [bin, ...args], env);

export const runProgram = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => startProgram(args, env).ended;

/** The same on a terminal of 80 columns, as far as the program can tell. */
export const startOnTerminal = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running => {
  const quoted = [process.execPath, bin, ...args]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(' ');
  return start('script', ['-qefc', `stty cols 80 rows 40; exec ${quoted}`, '/dev/null'], {
    TERM: 'xterm',
    ...env,
  });
};
