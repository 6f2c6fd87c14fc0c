import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Holder {
  pid: number;
  command: string;
}

const listening = '0A';

/** Which process listens on a port, as far as Linux tells this user; undefined elsewhere. */
export async function holderOf(port: number): Promise<Holder | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readText));
  const inodes = new Set(tables.flatMap((text) => listenersOn(port, text)));
  if (inodes.size === 0) return undefined;
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  for (const pid of processes) {
    if (await holds(pid, inodes)) return { pid: Number(pid), command: await commandOf(pid) };
  }
  return undefined;
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** The inodes of listening sockets: local address in hexadecimal as the second field, state the fourth, inode the tenth. */
function listenersOn(port: number, table: string): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)
    .flatMap((fields) => fields[9] ?? []);
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  // Processes of other users keep their files to themselves.
  for (const fd of await readdir(folder).catch(() => [])) {
    const target = await readlink(`${folder}/${fd}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

const commandOf = async (pid: string): Promise<string> =>
  (await readText(`/proc/${pid}/comm`)).trim() || 'a program';
