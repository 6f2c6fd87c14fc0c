import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells a process from every other. Its number alone does not: it is given out again, and in a container it is always 1. */
export interface ProcessIdentity {
  pid: number;
  /** When it began, in the system's own words. */
  began: string;
  /** Changes whenever the machine starts; empty where the beginning is an absolute time. */
  boot: string;
  /** The space in which `pid` has its meaning; containers have their own. */
  space: string;
  host: string;
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    began: processBegan(process.pid) ?? '',
    boot: linuxOnly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: linuxOnly(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  };
}

/** Whether that process is running; undefined when it belongs to a place that cannot be looked into from here. */
export function isRunning(other: ProcessIdentity, own: ProcessIdentity): boolean | undefined {
  if (other.boot === own.boot && other.space === own.space) return processBegan(other.pid) === other.began;
  if (other.boot !== own.boot && other.host === own.host) return false;
  return undefined;
}

function processBegan(pid: number): string | undefined {
  try {
    return process.platform === 'linux'
      ? ticksAtStart(pid)
      : execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`])
          .toString()
          .trim();
  } catch {
    return undefined;
  }
}

/** The 22nd field; the second is the command's name in parentheses and may hold spaces and parentheses itself. */
function ticksAtStart(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie holds nothing any more, but keeps its entry until its parent has asked for it.
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function linuxOnly(read: () => string): string {
  return process.platform === 'linux' ? read() : '';
}
