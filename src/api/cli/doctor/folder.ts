import { randomBytes } from 'node:crypto';
import { readdir, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { answers, findEngine, findLockHolder } from '../running.ts';
import { bytes, duration } from '../text.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';

const MB = 1024 * 1024;
const name = 'data folder';

/** Whether files can be made there: the permission bits alone do not tell of read-only mounts and full quotas. */
async function tryWriting(folder: string): Promise<string | undefined> {
  const file = join(folder, `.doctor-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(file, 'x');
    await unlink(file);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** The folder itself, or the nearest one above it that is there already. */
async function nearestFolder(folder: string): Promise<{ folder: string; isFolder: boolean }> {
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined) return { folder, isFolder: found.isDirectory() };
  return dirname(folder) === folder ? { folder, isFolder: false } : nearestFolder(dirname(folder));
}

export const dataFolder: Check = async ({ settings }): Promise<Finding[]> => {
  if (settings === undefined) return [];
  const wanted = resolve(settings.dataFolder);
  const { folder, isFolder } = await nearestFolder(wanted);
  if (!isFolder) {
    return [
      problem(
        name,
        `${folder} is no folder`,
        'Move that file away, or set CHRONOSCOPE_DATA to another path.',
      ),
    ];
  }
  const refused = await tryWriting(folder);
  if (refused !== undefined) {
    const advice = `Give the user ${process.getuid?.() ?? ''} the right to write there, or set CHRONOSCOPE_DATA to another path.`;
    return [problem(name, `${folder} cannot be written to (${refused})`, advice)];
  }
  const state = folder === wanted ? 'can be written to' : 'will be made';
  return [ok(name, `${wanted} ${state}`), await freeSpace(folder), ...(await fileSystem(folder))];
};

async function freeSpace(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${bytes(free)} free`;
  const advice = 'Make room, or shorten what is kept with CHRONOSCOPE_RETENTION.';
  if (free < 200 * MB)
    return problem('disk', `${message}: the log refuses events when the disk is full`, advice);
  return free < 2_048 * MB ? warning('disk', message, advice) : ok('disk', message);
}

/** The kinds of file system that matter here, by the number that Linux gives them. */
const fileSystems: Readonly<Record<number, { label: string; concern?: string }>> = {
  61267: { label: 'ext4' },
  1481003842: { label: 'XFS' },
  2435016766: { label: 'Btrfs' },
  801189825: { label: 'ZFS' },
  16914836: { label: 'tmpfs', concern: 'is memory: all of it is gone at the next restart' },
  2035054128: { label: 'overlay', concern: "is a container's own layer, which is gone with the container" },
  26985: { label: 'NFS', concern: 'is on the network, where a memory-mapped log can be damaged' },
  4283649346: { label: 'CIFS', concern: 'is on the network, where a memory-mapped log can be damaged' },
  4266872130: { label: 'SMB', concern: 'is on the network, where a memory-mapped log can be damaged' },
  1702057286: { label: 'FUSE', concern: 'depends on another program, which may not flush when told' },
  16914839: { label: '9p', concern: 'is shared from a host, and may not flush when told' },
};

async function fileSystem(folder: string): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const { type } = await statfs(folder);
  const known = fileSystems[type >>> 0];
  const label = known?.label ?? `kind 0x${(type >>> 0).toString(16)}`;
  if (known?.concern === undefined) return [ok('file system', label)];
  return [
    warning('file system', `${label} ${known.concern}`, 'Put the data folder on a local disk or a volume.'),
  ];
}

export const engine: Check = async ({ settings, now }): Promise<Finding[]> => {
  if (settings === undefined) return [];
  const found = await findEngine(settings.dataFolder);
  if (found === undefined) return [await lockOf(settings.dataFolder, now)];
  const since = duration(now - Date.parse(found.startedAt));
  if (await answers(found.address)) {
    return [ok('engine', `process ${found.pid} runs on this folder for ${since}, at ${found.address}`)];
  }
  const message = `process ${found.pid} holds this folder for ${since}, but does not answer at ${found.address}`;
  return [problem('engine', message, `Look at its log; end it with: kill ${found.pid}`)];
};

async function lockOf(folder: string, now: number): Promise<Finding> {
  const holder = await findLockHolder(folder);
  if (holder === undefined) return ok('engine', 'none runs on this folder');
  const { pid, host, since } = holder;
  const message = `process ${pid} on ${host} holds this folder for ${duration(now - Date.parse(since))}, and tells no address`;
  return warning(
    'engine',
    message,
    'It is starting, or a command that has opened the folder; wait for it or end it.',
  );
}

/** Files from the future mean that the clock was set back, which the log's order would suffer from. */
export const folderClock: Check = async ({ settings, now }): Promise<Finding[]> => {
  if (settings === undefined) return [];
  const files = await readdir(settings.dataFolder, { recursive: true, withFileTypes: true }).catch(() => []);
  let newest = 0;
  for (const file of files.filter((each) => each.isFile()).slice(0, 2_000)) {
    const { mtimeMs } = (await stat(join(file.parentPath, file.name)).catch(() => undefined)) ?? {
      mtimeMs: 0,
    };
    newest = Math.max(newest, mtimeMs);
  }
  if (newest <= now + 60_000) return [];
  const message = `files in the data folder are ${duration(newest - now)} younger than now`;
  return [problem('clock', message, 'The clock was set back; correct it before starting.')];
};
