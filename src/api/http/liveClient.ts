import type { EventType } from '../../domain/events/catalogue.ts';
import type { Position } from '../../domain/position.ts';
import type { Job } from '../jobs.ts';
import type { LiveFeed, LiveLine } from '../liveFeed.ts';
import { listedJob } from './jobs.ts';

/** One reader of the live stream, whatever its transport. */

export interface LiveFilter {
  project: string;
  service?: string | undefined;
  types?: readonly EventType[] | undefined;
}

export type EndReason = 'shutdown' | 'slow' | 'key revoked' | 'failed';

export interface LiveTransport {
  event(line: LiveLine): void;
  job(text: string): void;
  /** Says where the client is, though nothing was for it. */
  beat(position: Position | undefined): void;
  /** Bytes that the client has not taken yet. */
  pending(): number;
  /** Resolves when the client has taken something, and after `ms` at the latest. */
  drained(ms: number, signal: AbortSignal): Promise<void>;
  /** Tells the reason and closes; cuts the line when the client does not even take that. */
  end(reason: EndReason, position: Position | undefined): void;
}

export interface LiveTiming {
  beatMs: number;
  /** A client that takes nothing for so long while much waits for it is dropped. */
  stallMs: number;
  /** So many bytes may wait for a client. */
  pendingBytes: number;
}

export const liveTiming: LiveTiming = { beatMs: 15_000, stallMs: 10_000, pendingBytes: 256 * 1024 };

export interface LiveClientDeps {
  feed: LiveFeed;
  transport: LiveTransport;
  filter: LiveFilter;
  timing: LiveTiming;
  after: Position | undefined;
  mayStay: () => boolean;
  /** Aborts when the client is gone or is to go; a reason is told to it. */
  signal: AbortSignal;
  /** Ends the client from within. */
  leave: (reason: EndReason) => void;
}

/** Sends until the signal aborts. Nothing is read ahead of what the client takes. */
export async function serveLive(deps: LiveClientDeps): Promise<{ position: Position | undefined }> {
  const { feed, transport, filter, timing, signal } = deps;
  let position = deps.after;
  const beat = setInterval(() => {
    if (deps.mayStay()) transport.beat(position);
    else deps.leave('key revoked');
  }, timing.beatMs);
  try {
    for (;;) {
      const stretch = await feed.next(position, signal);
      if (stretch === undefined || signal.aborted) break;
      for (const line of stretch.lines) {
        if (!passes(filter, line)) continue;
        if (!(await hasRoom(deps)) || signal.aborted) return { position };
        transport.event(line);
        position = line.position;
      }
      position = stretch.to ?? position;
    }
  } finally {
    clearInterval(beat);
  }
  return { position };
}

const passes = ({ project, service, types }: LiveFilter, line: LiveLine): boolean =>
  line.project === project &&
  (service === undefined || line.service === service) &&
  (types === undefined || types.includes(line.type));

/** Waits while too much is under way to the client; one that takes nothing for too long has to go. */
async function hasRoom({ transport, timing, signal, leave }: LiveClientDeps): Promise<boolean> {
  while (transport.pending() > timing.pendingBytes) {
    const before = transport.pending();
    await transport.drained(timing.stallMs, signal);
    if (signal.aborted) return false;
    if (transport.pending() >= before) {
      leave('slow');
      return false;
    }
  }
  return true;
}

export const jobText = (job: Job): string => JSON.stringify(listedJob(job));
