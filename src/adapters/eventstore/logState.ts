import type { NewEvent } from '../../domain/events/envelope.ts';
import type { UpcastTable } from '../../domain/events/upcast.ts';
import { Bookmarks } from './bookmarks.ts';
import type { EventStoreConnection } from './connection.ts';
import { KnownIds } from './knownIds.ts';
import { EventSizes } from './position.ts';

/** What the parts of the log share. */
export class LogState {
  readonly connection: EventStoreConnection;
  readonly upcast: UpcastTable;
  readonly appendTimeoutMs: number;
  readonly maxAppendBytes: number;
  readonly recordedAt: ((event: NewEvent) => number | undefined) | undefined;
  readonly ids = new KnownIds();
  readonly sizes = new EventSizes();
  readonly bookmarks = new Bookmarks();
  /** The newest position of an event of ours that was seen. */
  newest: bigint | undefined;
  closed = false;

  constructor(
    connection: EventStoreConnection,
    options: {
      upcast: UpcastTable;
      appendTimeoutMs: number;
      maxAppendBytes: number;
      recordedAt: ((event: NewEvent) => number | undefined) | undefined;
    },
  ) {
    this.connection = connection;
    this.upcast = options.upcast;
    this.appendTimeoutMs = options.appendTimeoutMs;
    this.maxAppendBytes = options.maxAppendBytes;
    this.recordedAt = options.recordedAt;
  }

  sawPosition(position: bigint): void {
    if (position > 0n && (this.newest === undefined || position > this.newest)) this.newest = position;
  }
}
