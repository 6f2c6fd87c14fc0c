import type { RecordedEvent } from '../domain/events/envelope.ts';
import { asPosition, type Position } from '../domain/position.ts';
import type { EventBatch, ReadOptions } from '../projections/ports.ts';
import { LogUnavailableError } from '../projections/ports.ts';
import type { HeadSignal } from './headSignal.ts';

/** Events with `after < position <= to`; `to` is `until`, or less when there was more than was asked for. */
export interface Stretch {
  events: readonly RecordedEvent[];
  to: number;
}

/** A log whose positions are 1, 2, 3 … and 0 stands before the first. */
export interface NumberedSource {
  readonly head: number;
  readonly closed: boolean;
  readonly grown: HeadSignal;
  stretch(after: number, until: number, maxEvents: number): Promise<Stretch>;
}

const DEFAULT_MAX_EVENTS = 1_000;

export const positionOf = (number: number): Position => asPosition(String(number));

/** Position 0 is no event's, so the start of the log has no position at all. */
export const positionAfter = (number: number): Position | undefined =>
  number === 0 ? undefined : positionOf(number);

export function parseNumbered(text: string): Position | undefined {
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text))
    ? asPosition(text)
    : undefined;
}

export const compareNumbered = (a: Position, b: Position): number => Math.sign(Number(a) - Number(b));

export const distanceNumbered = (from: Position | undefined, to: Position): number =>
  Math.max(0, Number(to) - Number(from ?? 0));

export function readFeed(source: NumberedSource, options: ReadOptions = {}): AsyncIterable<EventBatch> {
  refuseClosed(source);
  const until = Math.min(Number(options.until ?? source.head), source.head);
  return endWithLog(source, walk(source, options, until));
}

export function subscribeFeed(source: NumberedSource, options: ReadOptions = {}): AsyncIterable<EventBatch> {
  refuseClosed(source);
  return endWithLog(source, walk(source, options, Number(options.until ?? Number.POSITIVE_INFINITY)));
}

export function refuseClosed(source: { readonly closed: boolean }): void {
  if (source.closed) throw new LogUnavailableError('closed', 'The event log has been closed.');
}

/** A reader that is in the middle of something when the log is closed just comes to an end. */
export async function* endWithLog<T>(
  source: { readonly closed: boolean },
  parts: AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    for await (const part of parts) {
      if (source.closed) return;
      yield part;
    }
  } catch (error) {
    if (!source.closed) throw error;
  }
}

async function* walk(
  source: NumberedSource,
  options: ReadOptions,
  until: number,
): AsyncGenerator<EventBatch> {
  const { signal, maxEvents = DEFAULT_MAX_EVENTS } = options;
  const ended = (): boolean => source.closed || signal?.aborted === true;
  let after = Number(options.after ?? 0);
  while (after < until && !ended()) {
    const goal = Math.min(until, source.head);
    if (after >= goal) {
      await source.grown.wait(signal);
      continue;
    }
    const { events, to } = await source.stretch(after, goal, maxEvents);
    if (ended()) return;
    yield { events, from: positionAfter(after), to: positionOf(to) };
    after = to;
  }
}
