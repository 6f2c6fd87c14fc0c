import { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import type { Stream } from './ports.ts';
import { type Palette, paletteFor } from './terminal.ts';

/**
 * The program's own log, on standard error: standard output is left to what a command answers. One JSON object a line,
 * or, on a terminal, a short line that a person can read.
 */
export function createLogger(level: string, stream: Stream, env: NodeJS.ProcessEnv): Logger {
  const paint = paletteFor(stream, env);
  const destination = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      stream.write(stream.isTTY ? readable(line, paint) : line);
      done();
    },
  });
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: null, formatters }, destination);
}

const formatters = { level: (label: string) => ({ level: label }) };

const known = new Set(['level', 'time', 'msg', 'err', 'pid', 'hostname']);

function readable(line: string, paint: Palette): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const { level, time, msg = '', err } = entry;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const rest = Object.entries(entry)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const said = rest.length === 0 ? msg : `${msg}  ${paint.dim(rest.join(' '))}`;
  return `${paint.dim(clock)} ${levelMark(String(level), paint)} ${said}${faultLines(err, paint)}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelMark(level: string, paint: Palette): string {
  const name = level.padEnd(5);
  if (level === 'error' || level === 'fatal') return paint.red(name);
  return level === 'warn' ? paint.yellow(name) : paint.dim(name);
}

function faultLines(err: unknown, paint: Palette): string {
  if (typeof err !== 'object' || err === null) return '';
  const { stack, message } = err as { stack?: unknown; message?: unknown };
  const text = typeof stack === 'string' ? stack : String(message);
  return `\n${paint.dim(text.replace(/^/gm, '         '))}`;
}
