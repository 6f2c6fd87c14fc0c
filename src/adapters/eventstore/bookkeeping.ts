import { type JSONType, jsonEvent } from '@eventstore/db-client';
import type { EventStoreConnection } from './connection.ts';
import { deliver, type Expected } from './deliver.ts';
import { BOOKKEEPING } from './envelope.ts';
import { isNotFound, unavailable } from './failures.ts';
import { lastEvent, readBack } from './readBack.ts';

/** What was noted last, and the revision to expect when it is noted anew; -1 where nothing is. */
export interface Noted {
  data: unknown;
  revision: number;
}

const TIMEOUT_MS = 10_000;

/** A note that takes the place of the one before it: a stream of which the server keeps the end. */
export class Note {
  readonly stream: string;
  private readonly connection: EventStoreConnection;
  private readonly keep: number;

  constructor(connection: EventStoreConnection, name: string, keep = 2) {
    this.connection = connection;
    this.stream = BOOKKEEPING + name;
    this.keep = keep;
  }

  async read(): Promise<Noted> {
    try {
      const event = await lastEvent(this.connection, this.stream, TIMEOUT_MS);
      return { data: event?.data, revision: event === undefined ? -1 : Number(event.revision) };
    } catch (error) {
      throw unavailable(error, this.connection.hosts);
    }
  }

  /** Everything that is kept, the newest first. */
  async all(): Promise<unknown[]> {
    const all: unknown[] = [];
    try {
      const events = readBack(this.connection, this.stream, this.keep, performance.now() + TIMEOUT_MS);
      for await (const { data } of events) all.push(data);
    } catch (error) {
      if (!isNotFound(error)) throw unavailable(error, this.connection.hosts);
    }
    return all;
  }

  /** Its new revision; undefined when somebody else has noted something since `expected`. */
  async write(type: string, data: object, expected: Expected): Promise<number | undefined> {
    const until = performance.now() + TIMEOUT_MS;
    if (expected === -1) await this.limit();
    const events = [jsonEvent({ type, data: data as JSONType })];
    const delivered = await deliver(this.connection, { stream: this.stream, expected, events }, until);
    if (delivered.kind === 'conflict') return undefined;
    return delivered.revision ?? (await this.read()).revision;
  }

  private async limit(): Promise<void> {
    try {
      await this.connection.client.setStreamMetadata(
        this.stream,
        { maxCount: this.keep },
        { deadline: TIMEOUT_MS },
      );
    } catch (error) {
      throw unavailable(error, this.connection.hosts);
    }
  }
}
