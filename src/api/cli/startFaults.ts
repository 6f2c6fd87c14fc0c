import { CommandError } from './exit.ts';

interface DoorFault {
  code?: string;
  port?: number;
  address?: string;
}

/** What the system says of a port that cannot be had, in words that lead on. */
export function doorFault(error: unknown, http: { host: string; port: number }): unknown {
  const { code, port = http.port, address = http.host } = error as DoorFault;
  if (code === 'EADDRINUSE') {
    const hint =
      '`chronoscope doctor` says who has it; --port and --sql-port choose other ones, 0 takes a free one.';
    return new CommandError('port_taken', `port ${port} of ${address} is taken`, hint);
  }
  if (code === 'EACCES') {
    return new CommandError('port_refused', `port ${port} may not be used`, 'Choose one from 1024 up.');
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandError('no_such_address', `${address} is no address of this machine`);
  }
  return error;
}

const folderCodes = ['ENOTDIR', 'EEXIST', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'];

/** A folder that cannot be made or written to. */
export function folderFault(error: unknown, dataFolder: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined || !folderCodes.includes(code)) return error;
  const hint = 'CHRONOSCOPE_DATA names another one; `chronoscope doctor` says what is wrong with this one.';
  return new CommandError('folder_refused', `the data folder ${dataFolder} cannot be used (${code})`, hint);
}

/** A native library that is not there, or not for this machine: it says what to use instead. */
export function engineMissing(error: unknown): unknown {
  if (!(error instanceof Error) || !isNative(error)) return error;
  const hint =
    process.platform === 'linux'
      ? 'An image with glibc has it, such as node:20-bookworm-slim. If node_modules came from another machine, run npm ci here. `chronoscope doctor` tells more.'
      : 'Linux and macOS on x64 and arm64 have it; elsewhere use Docker. `chronoscope doctor` tells more.';
  const machine = `${process.platform} ${process.arch}`;
  return new CommandError(
    'engine_missing',
    `the embedded engine does not load on this ${machine}: ${error.message}`,
    hint,
  );
}

const nativeFaults = ['ChdbPlatformUnsupportedError', 'ChdbBinaryVersionMismatchError'];

const isNative = (error: Error & { code?: string }): boolean =>
  error.code === 'ERR_DLOPEN_FAILED' || nativeFaults.includes(error.name);
