import type { BeatReader } from '../../domain/alerts/beats/beatReader.ts';
import { type Place, SliceMerger } from '../../domain/alerts/beats/merge.ts';
import type { Slice } from '../../domain/alerts/beats/partial.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';

/** Alerts of a log that is read in lanes: each lane's reader publishes slices, and the owner takes in those of all. */

export interface LaneSlice {
  lane: number;
  slice: Slice;
}

/** Where readers of lanes leave for the owner what they have read. */
export interface PartialsTopic {
  /** Resolves when they are kept; those of a lane stay in the order given. What throws may be there in part. */
  publish(lane: number, slices: readonly Slice[]): Promise<void>;
  /** From the oldest that is kept, repetitions included; never ends by itself. */
  subscribe(options: { signal: AbortSignal }): AsyncIterable<readonly LaneSlice[]>;
}

/** What a lane tells: an event, or that up to this time it has none that has not been told. */
export interface LaneStep {
  position: Position;
  recordedAt: number;
  event?: RecordedEvent;
}

export interface PublisherDeps {
  lane: number;
  /** From where `passed` was told last; the events that cut beats are in every lane. */
  steps: AsyncIterable<readonly LaneStep[]>;
  /** A new one, with the rules that were in force there. */
  reader: BeatReader;
  topic: Pick<PartialsTopic, 'publish'>;
  /** Who begins anew behind it, publishes again what is open now, in the same slices. */
  passed(position: Position): void;
}

/** Ends with the steps, or throws what the topic throws: then it is begun anew. */
export async function publishPartials({ lane, steps, reader, topic, passed }: PublisherDeps): Promise<void> {
  let last: Position | undefined;
  for await (const portion of steps) {
    const slices: Slice[] = [];
    let done: Position | undefined;
    for (const { event, position, recordedAt } of portion) {
      const read = event === undefined ? reader.pass(recordedAt) : reader.read(event);
      slices.push(...read);
      // Within a beat, who begins anew would count its cuts from none.
      if (read.some(({ control }) => control === undefined)) done = last ?? done;
      last = position;
    }
    if (slices.length > 0) await topic.publish(lane, slices);
    if (done !== undefined) passed(done);
  }
}

export interface OwnerDeps {
  lanes: number;
  topic: Pick<PartialsTopic, 'subscribe'>;
  /** What has been settled before. */
  after: Place | undefined;
  /** In order, each once; it does not throw, for nobody could say how far it came. */
  take(slice: Slice): void | Promise<void>;
  /** Everything up to `taken` was taken. */
  settle(taken: Place): Promise<void>;
  signal: AbortSignal;
}

/** Ends with `signal`; throws what `settle` and the topic throw, and is then begun anew from what was settled. */
export async function followPartials(deps: OwnerDeps): Promise<void> {
  const { lanes, topic, after, take, settle, signal } = deps;
  const merger = new SliceMerger(lanes, after);
  for await (const portion of topic.subscribe({ signal })) {
    for (const { lane, slice } of portion) merger.add(lane, slice);
    let isTaken = false;
    for (let slice = merger.next(); slice !== undefined && !signal.aborted; slice = merger.next()) {
      const waited = take(slice);
      if (waited !== undefined) await waited;
      isTaken = true;
    }
    if (signal.aborted) return;
    if (isTaken) await settle(merger.taken);
  }
}
