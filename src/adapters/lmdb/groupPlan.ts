import type { NewEvent, RecordedEvent } from '../../domain/events/envelope.ts';
import { planUpcast, type UpcastPlan, type UpcastTable } from '../../domain/events/upcast.ts';
import type { AppendOutcome, StreamAppend } from '../../projections/ports.ts';
import { positionOf } from '../numberedFeed.ts';
import { hashText } from './hash.ts';
import { IdBatch } from './idBatch.ts';
import type { IdIndex } from './idIndex.ts';
import { recordEvent } from './recordedEvent.ts';
import type { Revisions } from './revisions.ts';

/** Where the events of streams of telemetry stand that may begin to decide; kept up to date within the group. */
export type Adopted = Map<string, readonly number[]>;

export interface RevisionRows {
  stream: string;
  first: number;
  positions: number[];
}

/** What a group of calls adds to the log, before it is encoded. */
export interface GroupPlan {
  events: RecordedEvent[];
  /** One hash of the stream for each event. */
  streams: number[];
  rows: RevisionRows[];
}

/** A call with its ids, which are those of the batch from `firstId` on. */
export interface PlannedCall {
  appends: readonly StreamAppend[];
  batch: IdBatch;
  firstId: number;
}

interface StreamState {
  hash: number;
  /** Below 0 while the stream has no event. */
  revision: number;
  decides: boolean;
  first: number;
  /** What has to be written of the stream when the call succeeds. */
  positions: number[];
}

/** Decides what becomes of calls, against everything before them, whether that is on disk yet or not. */
export class Planner {
  private readonly ids: IdIndex;
  private readonly revisions: Revisions;
  private readonly upcast: UpcastTable;
  private readonly plans = new Map<string, UpcastPlan>();
  private batch = new IdBatch([]);
  private nextId = 0;
  private lastStream = '';
  private lastHash = hashText('');
  /** The last position and time that were given out. */
  position: number;
  recordedAt: number;

  constructor(ids: IdIndex, revisions: Revisions, upcast: UpcastTable, position: number, recordedAt: number) {
    this.ids = ids;
    this.revisions = revisions;
    this.upcast = upcast;
    this.position = position;
    this.recordedAt = recordedAt;
  }

  /** The stream whose events must be found first, because a revision of it is asked for and none is kept. */
  unknownStream(appends: readonly StreamAppend[], adopted: Adopted): string | undefined {
    const unknown = appends.find(
      ({ expected, stream }) =>
        expected !== 'any' &&
        !adopted.has(stream) &&
        this.revisions.last(stream, hashText(stream)) === undefined,
    );
    return unknown?.stream;
  }

  /** Adds a call to the group, or nothing of it when it conflicts or throws. */
  add(
    group: GroupPlan,
    { appends, batch, firstId }: PlannedCall,
    now: number,
    adopted: Adopted,
  ): AppendOutcome {
    const before = { ids: this.ids.count, events: group.events.length };
    const { position, recordedAt } = this;
    const undo = () => {
      this.ids.takeBackTo(before.ids);
      group.events.length = before.events;
      group.streams.length = before.events;
      this.position = position;
      this.recordedAt = recordedAt;
    };
    try {
      this.recordedAt = Math.max(now, recordedAt);
      this.batch = batch;
      this.nextId = firstId;
      const outcome = this.addStreams(group, appends, adopted);
      if (outcome.kind === 'conflict' || outcome.appended === 0) undo();
      return outcome;
    } catch (error) {
      undo();
      throw error;
    }
  }

  private addStreams(group: GroupPlan, appends: readonly StreamAppend[], adopted: Adopted): AppendOutcome {
    const states = new Map<string, StreamState>();
    let appended = 0;
    let duplicates = 0;
    for (const { stream, events, expected } of appends) {
      const hash = this.hashOf(stream);
      const state = states.get(stream) ?? this.stateOf(stream, hash, adopted);
      const start = group.events.length;
      for (const event of events) {
        if (this.ids.add(this.batch, this.nextId++)) this.addEvent(group, event, stream, hash);
      }
      const fresh = group.events.length - start;
      appended += fresh;
      duplicates += events.length - fresh;
      if (state === undefined) continue;
      states.set(stream, state);
      const actual = state.revision < 0 ? 'none' : state.revision;
      const repeated = events.length > 0 && fresh === 0;
      if (expected !== 'any' && expected !== actual && !repeated) {
        return { kind: 'conflict', stream, expected, actual };
      }
      state.revision += fresh;
      if (expected !== 'any' && fresh > 0) state.decides = true;
      for (let i = start; i < group.events.length; i++)
        state.positions.push(Number(group.events[i]?.position));
    }
    for (const [stream, state] of states) {
      if (state.decides) this.keepRevisions(group, stream, state);
      else adopted.set(stream, state.positions);
    }
    return { kind: 'appended', position: positionOf(this.position), appended, duplicates };
  }

  private hashOf(stream: string): number {
    if (stream !== this.lastStream) {
      this.lastStream = stream;
      this.lastHash = hashText(stream);
    }
    return this.lastHash;
  }

  /** Undefined for a stream of telemetry that nobody asks a revision of, which is nearly every stream. */
  private stateOf(stream: string, hash: number, adopted: Adopted): StreamState | undefined {
    const last = this.revisions.last(stream, hash);
    if (last !== undefined) return { hash, revision: last, decides: true, first: last + 1, positions: [] };
    const found = adopted.get(stream);
    return found && { hash, revision: found.length - 1, decides: false, first: 0, positions: [...found] };
  }

  private keepRevisions(group: GroupPlan, stream: string, state: StreamState): void {
    const { positions, first, hash } = state;
    if (positions.length === 0) return;
    group.rows.push({ stream, first, positions });
    this.revisions.advance(stream, hash, first + positions.length - 1);
  }

  private addEvent(group: GroupPlan, event: NewEvent, stream: string, hash: number): void {
    const { version, lift } = this.planFor(event);
    const recorded = recordEvent(event, this.recordedAt, positionOf(++this.position), stream);
    if (lift !== undefined) Object.assign(recorded, { version, data: lift(event.data) });
    group.events.push(recorded);
    group.streams.push(hash);
  }

  /** What could not be read again is refused here; what is old is lifted now, as a reader would see it. */
  private planFor({ type, version }: NewEvent): UpcastPlan {
    const known = this.plans.get(type);
    if (known?.version === version && known.lift === undefined) return known;
    const plan = planUpcast(this.upcast, type, version);
    if (plan.lift === undefined) this.plans.set(type, plan);
    return plan;
  }
}
