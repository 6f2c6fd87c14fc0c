import type { Position as ServerPosition } from '@eventstore/db-client';
import { asPosition, type Position } from '../../domain/position.ts';

/**
 * Where a record begins in the server's log, in bytes. Events that are appended without an explicit transaction, as ours
 * are, have one number for commit and prepare.
 */
export const positionText = (bytes: bigint): Position => asPosition(bytes.toString());

export const bytesOf = (position: Position): bigint => BigInt(position);

export const serverPosition = (bytes: bigint): ServerPosition => ({ commit: bytes, prepare: bytes });

export function earlier(a: bigint, b: bigint): bigint {
  return a > b ? b : a;
}

/** A checkpoint may name a commit and an earlier prepare; all up to the earlier one has certainly been looked at. */
export const safeBytes = ({ commit, prepare }: ServerPosition): bigint => earlier(commit, prepare);

const MOST = 2n ** 63n - 1n;

export function parseServerPosition(text: string): Position | undefined {
  return /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= MOST ? asPosition(text) : undefined;
}

export function compareServerPositions(a: Position, b: Position): number {
  const [left, right] = [bytesOf(a), bytesOf(b)];
  return left < right ? -1 : Number(left > right);
}

/** A small event with its envelope and the server's record around it, about. */
const FIRST_GUESS_BYTES = 700;
/** The mean follows what was seen lately: about so many events weigh in it. */
const REMEMBERED_EVENTS = 100_000;

/** How many bytes of the log an event takes, learned from what passes by. */
export class EventSizes {
  private bytes = FIRST_GUESS_BYTES;
  private events = 1;

  learn(from: bigint, to: bigint, events: number): void {
    if (events === 0 || to <= from) return;
    if (this.events > REMEMBERED_EVENTS) {
      this.bytes /= 2;
      this.events /= 2;
    }
    this.bytes += Number(to - from);
    this.events += events;
  }

  eventsIn(bytes: bigint): number {
    if (bytes <= 0n) return 0;
    return Math.max(1, Math.round((Number(bytes) * this.events) / this.bytes));
  }
}
