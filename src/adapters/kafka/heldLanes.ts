import type { Batch, Consumer } from 'kafkajs';
import type { DeadLetter, LaneGroup } from '../../projections/lanes/ports.ts';
import { within } from '../waiting.ts';
import { LaneBuffer } from './laneBuffer.ts';
import type { CodecOptions } from './message.ts';

export type LaneHandlers = Parameters<LaneGroup['start']>[0];

export interface HeldLanesOptions {
  topic: string;
  groupId: string;
  codec: CodecOptions;
  /** For what was fetched and not yet asked for, all lanes together. */
  bufferBytes: number;
  /** How long those who read a lane may take to let go of it. */
  letGoMs: number;
  handlers: LaneHandlers;
  setAside: (letter: DeadLetter) => Promise<void>;
  tell: (error: unknown) => void;
}

type Fetching = Pick<Consumer, 'pause' | 'resume' | 'commitOffsets'>;

const LEAST_LANE_BYTES = 1024 * 1024;
const COMMIT_MS = 5_000;

/** The lanes that one consumer has been given, until they are taken away again all together. */
export class HeldLanes {
  private readonly options: HeldLanesOptions;
  private readonly consumer: Fetching;
  private readonly lanes = new Map<number, LaneBuffer>();
  private readonly noted = new Map<number, number>();
  private giving: Promise<void> | undefined;

  constructor(consumer: Fetching, options: HeldLanesOptions) {
    this.consumer = consumer;
    this.options = options;
  }

  get numbers(): readonly number[] {
    return [...this.lanes.keys()];
  }

  assign(partitions: readonly number[]): void {
    const { topic, codec, bufferBytes, setAside, handlers } = this.options;
    const { consumer } = this;
    const maxBytes = Math.max(LEAST_LANE_BYTES, bufferBytes / Math.max(1, partitions.length));
    consumer.resume([{ topic, partitions: [...partitions] }]);
    for (const lane of partitions) {
      const pause = () => consumer.pause([{ topic, partitions: [lane] }]);
      const resume = () => consumer.resume([{ topic, partitions: [lane] }]);
      const buffer = new LaneBuffer({ lane, codec, maxBytes, pause, resume, setAside });
      this.lanes.set(lane, buffer);
      handlers.assigned(buffer);
    }
  }

  /** False for a lane that was taken away while this was fetched; whoever has it now fetches it again. */
  take({ partition, messages, highWatermark }: Batch): boolean {
    const buffer = this.lanes.get(partition);
    buffer?.push(messages, Number(highWatermark));
    return buffer !== undefined;
  }

  /** Where a lane ends that is fetched from no more, because it is full. */
  heard(lane: number, highWatermark: number): void {
    this.lanes.get(lane)?.heard(highWatermark);
  }

  /** Resolves when nobody reads them any more, or has had the time to stop, and what they passed is noted. */
  giveBack(): Promise<void> {
    this.giving ??= this.giveAll().finally(() => {
      this.giving = undefined;
    });
    return this.giving;
  }

  async commit(): Promise<void> {
    if (this.giving === undefined) await this.note([...this.lanes.values()]);
  }

  private async giveAll(): Promise<void> {
    const given = [...this.lanes.values()];
    if (given.length === 0) return;
    const { groupId, letGoMs, handlers, tell } = this.options;
    this.lanes.clear();
    this.hold(given);
    for (const lane of given) lane.end();
    const late = () => new Error(`The lanes of ${groupId} were not let go in time.`);
    await within(Promise.all(given.map(({ lane }) => handlers.revoked(lane))), letGoMs, late).catch(tell);
    await this.note(given).catch(tell);
    for (const lane of given) lane.close();
    this.noted.clear();
  }

  private hold(lanes: readonly LaneBuffer[]): void {
    try {
      this.consumer.pause([{ topic: this.options.topic, partitions: lanes.map(({ lane }) => lane) }]);
    } catch {
      // It runs no more, and fetches nothing.
    }
  }

  private async note(lanes: readonly LaneBuffer[]): Promise<void> {
    const { topic, groupId } = this.options;
    const passed = lanes.flatMap(({ lane, noted }) =>
      noted === undefined || noted === this.noted.get(lane) ? [] : [{ lane, offset: noted }],
    );
    if (passed.length === 0) return;
    const offsets = passed.map(({ lane, offset }) => ({ topic, partition: lane, offset: String(offset) }));
    const late = () => new Error(`What ${groupId} has passed could not be noted in time.`);
    await within(this.consumer.commitOffsets(offsets), COMMIT_MS, late);
    for (const { lane, offset } of passed) this.noted.set(lane, offset);
  }
}
