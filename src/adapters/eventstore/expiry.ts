import { type AllStreamResolvedEvent, START } from '@eventstore/db-client';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { arrivals } from './arrivals.ts';
import { Note } from './bookkeeping.ts';
import { fromServer } from './envelope.ts';
import { isNotFound, unavailable } from './failures.ts';
import type { LogState } from './logState.ts';
import { serverPosition } from './position.ts';
import { lastEvent } from './readBack.ts';
import { streamPages } from './streamReader.ts';

const PAGE = 1_000;
/** Streams whose oldest event is one to keep; they are looked at again each time. More than these wait for ever. */
const MOST_HELD_BACK = 5_000;
const METADATA_MS = 10_000;

export interface ExpireOptions {
  before: number;
  keep: (event: RecordedEvent) => boolean;
}

interface Expired {
  before: number;
  /** Up to where the log has been gone through. */
  position?: string;
  heldBack: string[];
}

/**
 * Lets streams forget. The server can only cut a stream's beginning off, so what stands behind an event that is to be kept
 * stays with it. Cut off, nobody reads it by its stream any more; from the disk and from `$all` it goes with the server's
 * next scavenge, which is the operator's to run.
 */
export class Expiry {
  private readonly log: LogState;
  private readonly note: Note;
  private running: Promise<unknown> = Promise.resolve();

  constructor(log: LogState) {
    this.log = log;
    this.note = new Note(log.connection, 'expiry');
  }

  async expiredBefore(): Promise<number | undefined> {
    return parse((await this.note.read()).data)?.before;
  }

  expire(options: ExpireOptions): Promise<number> {
    const run = this.running.catch(() => undefined).then(() => this.run(options));
    this.running = run;
    return run;
  }

  private async run({ before, keep }: ExpireOptions): Promise<number> {
    const { data, revision } = await this.note.read();
    const last = parse(data);
    // Retention goes by whole days, and this is asked for every few minutes.
    if (last !== undefined && last.before >= before) return 0;
    const streams = new Set(last?.heldBack);
    const position = await this.streamsWithOld(last?.position, before, streams);
    let forgotten = 0;
    const heldBack: string[] = [];
    for (const stream of streams) {
      if (this.log.closed) return forgotten;
      const cut = await this.cut(stream, before, keep);
      forgotten += cut.forgotten;
      if (cut.holdsOld) heldBack.push(stream);
    }
    const expired: Expired = { before, heldBack: heldBack.slice(-MOST_HELD_BACK), ...position };
    // Another process that was quicker has done the same.
    await this.note.write('Expired', expired, revision);
    return forgotten;
  }

  /** Adds every stream with an event from before, as far as the log was not gone through yet. */
  private async streamsWithOld(
    from: string | undefined,
    before: number,
    streams: Set<string>,
  ): Promise<{ position?: string }> {
    const { connection, upcast } = this.log;
    const fromPosition = from === undefined ? START : serverPosition(BigInt(from));
    const reading = connection.client.readAll({ fromPosition }, { highWaterMark: PAGE });
    let position = from;
    try {
      for await (const items of arrivals<AllStreamResolvedEvent>(reading, PAGE, connection.closing)) {
        for (const { event } of items) {
          const ours = fromServer(event, upcast);
          if (ours === undefined) continue;
          if (ours.recordedAt >= before) return position === undefined ? {} : { position };
          streams.add(ours.stream);
          position = ours.position;
        }
      }
    } catch (error) {
      throw unavailable(error, connection.hosts);
    } finally {
      void reading.cancel().catch(() => undefined);
    }
    return position === undefined ? {} : { position };
  }

  private async cut(
    stream: string,
    before: number,
    keep: ExpireOptions['keep'],
  ): Promise<{ forgotten: number; holdsOld: boolean }> {
    const { connection, upcast } = this.log;
    let forgotten = 0;
    let cutTo: number | undefined;
    let holdsOld = false;
    try {
      reading: for await (const page of streamPages(connection, stream, 0n, connection.closing)) {
        for (const { event: raw } of page) {
          const event = fromServer(raw, upcast);
          const old = event !== undefined && event.recordedAt < before;
          // Another program's event in a stream of ours is not ours to let go.
          if (raw === undefined || event === undefined || !old || keep(event)) {
            holdsOld = old || event === undefined;
            break reading;
          }
          cutTo = Number(raw.revision) + 1;
          forgotten++;
        }
      }
      if (cutTo !== undefined) await this.truncate(stream, cutTo);
    } catch (error) {
      if (!isNotFound(error)) throw unavailable(error, connection.hosts);
    }
    return { forgotten, holdsOld };
  }

  /** Everything before a revision, and never the stream itself: it goes on counting. */
  private async truncate(stream: string, truncateBefore: number): Promise<void> {
    const { connection } = this.log;
    const present = (await lastEvent(connection, `$$${stream}`, METADATA_MS))?.data;
    const others = typeof present === 'object' && !(present instanceof Uint8Array) ? present : {};
    const deadline = METADATA_MS;
    await connection.client.setStreamMetadata(stream, { ...others, truncateBefore }, { deadline });
  }
}

function parse(data: unknown): Expired | undefined {
  return typeof data === 'object' && data !== null && 'before' in data ? (data as Expired) : undefined;
}
