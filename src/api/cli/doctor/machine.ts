import { readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { bytes, plural } from '../text.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';

const MB = 1024 * 1024;

export const nodeVersion: Check = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return [ok('node', `Node ${process.versions.node}`)];
  return [problem('node', `Node ${process.versions.node} is too old`, 'Install Node 20.19 or later.')];
};

/** What Node knows of its own process; the parts that would ask the network are left out. */
interface Report {
  header: { glibcVersionRuntime?: string };
  userLimits?: { open_files?: { soft: number | string } };
}

function report(): Report {
  Object.assign(process.report, { excludeNetwork: true });
  return process.report.getReport() as unknown as Report;
}

export const platform: Check = ({ settings }) => {
  const name = `${process.platform} ${process.arch}`;
  const glibc = report().header.glibcVersionRuntime;
  const embedded = (settings?.read ?? 'chdb:') === 'chdb:';
  const elsewhere = 'set CHRONOSCOPE_READ=http://… to a ClickHouse server';
  const known = ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch);
  if (!known) {
    return [problem('platform', `${name} has no embedded engine`, 'Use WSL2 or Docker on this machine.')];
  }
  if (process.platform !== 'linux' || glibc !== undefined) {
    return [ok('platform', glibc === undefined ? name : `${name}, glibc ${glibc}`)];
  }
  if (!embedded) return [ok('platform', `${name}, musl; the read store is elsewhere`)];
  const advice = `Use an image with glibc, such as node:20-bookworm-slim, or ${elsewhere}.`;
  return [problem('platform', `${name} with musl has no embedded engine`, advice)];
};

const readNumber = async (file: string): Promise<number | undefined> => {
  const value = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isNaN(value) ? undefined : value;
};

/** The container's limit, in either version of Linux control groups; a group without one says `max`, or a huge number. */
async function containerLimit(): Promise<number | undefined> {
  const limit =
    (await readNumber('/sys/fs/cgroup/memory.max')) ??
    (await readNumber('/sys/fs/cgroup/memory/memory.limit_in_bytes'));
  return limit !== undefined && limit < totalmem() ? limit : undefined;
}

export const memory: Check = async () => {
  const limit = await containerLimit();
  const size = limit ?? totalmem();
  const where = limit === undefined ? 'of memory' : 'of memory in this container';
  const message = `${bytes(size)} ${where}`;
  const advice = 'Give it 1 GB, or lower CHRONOSCOPE_MEMORY.';
  if (size < 384 * MB) return [problem('memory', `${message}; the engine alone starts at 260 MB`, advice)];
  return [size < 700 * MB ? warning('memory', message, advice) : ok('memory', message)];
};

export const openFiles: Check = (): Finding[] => {
  const soft = report().userLimits?.open_files?.soft;
  if (soft === undefined) return [];
  const message = soft === 'unlimited' ? 'no limit on open files' : `${soft} open files allowed`;
  if (soft === 'unlimited' || Number(soft) >= 4_096) return [ok('open files', message)];
  const advice = 'Raise it: ulimit -n 65536, or LimitNOFILE= in a systemd unit.';
  return [
    Number(soft) < 512 ? problem('open files', message, advice) : warning('open files', message, advice),
  ];
};

export const threads: Check = ({ env }) => {
  const pool = Number(env.UV_THREADPOOL_SIZE ?? 4);
  const message = `${plural(availableParallelism(), 'processor')}, ${pool} threads for the engine and files`;
  if (pool >= 8) return [ok('threads', message)];
  const advice = 'Queries and writes will wait for one another; unset UV_THREADPOOL_SIZE or set it to 12.';
  return [warning('threads', message, advice)];
};

/** A clock that is years off is a machine without a battery or a network time service. */
export const clock: Check = ({ now }) => {
  const said = new Date(now).toISOString();
  if (now > Date.UTC(2025, 0, 1) && now < Date.UTC(2100, 0, 1)) return [ok('clock', said)];
  return [
    problem('clock', `it is ${said}, says this machine`, 'Set the clock, best with a time service (NTP).'),
  ];
};
