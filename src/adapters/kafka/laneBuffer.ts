import type { KafkaMessage } from 'kafkajs';
import type { Position } from '../../domain/position.ts';
import type { AssignedLane, DeadLetter, LaneMessage } from '../../projections/lanes/ports.ts';
import { HeadSignal } from '../headSignal.ts';
import { type CodecOptions, decodeMessage } from './message.ts';

export interface LaneBufferOptions {
  lane: number;
  codec: CodecOptions;
  /** Holds as much; more is fetched again when half of it is gone. */
  maxBytes: number;
  pause: () => void;
  resume: () => void;
  setAside: (letter: DeadLetter) => Promise<void>;
}

/** A part that was handed out: up to which offset, and the greatest position in it. */
interface Part {
  end: number;
  greatest: Position | undefined;
}

const MOST_PER_PART = 1_000;
const MOST_PART_BYTES = 2 * 1024 * 1024;
/** While one projection stands still, the others go on; what is noted then is noted in larger steps. */
const MOST_PARTS = 1_000;
/** About what a message takes in memory beside its bytes. */
const MESSAGE_BYTES = 400;

/** Between the consumer, which fetches for all lanes at once, and the reader of one lane, who goes at its own pace. */
export class LaneBuffer implements AssignedLane {
  readonly lane: number;
  private readonly options: LaneBufferOptions;
  private readonly changed = new HeadSignal();
  private queue: KafkaMessage[] = [];
  private bytes = 0;
  private isPaused = false;
  private isEnded = false;
  private isClosed = false;
  private next: number | undefined;
  private highWatermark = 0;
  private readonly parts: Part[] = [];
  private passedTo: number | undefined;

  constructor(options: LaneBufferOptions) {
    this.lane = options.lane;
    this.options = options;
  }

  push(messages: readonly KafkaMessage[], highWatermark: number): void {
    if (this.isEnded) return;
    this.heard(highWatermark);
    this.next ??= Number(messages[0]?.offset ?? highWatermark);
    for (const message of messages) {
      this.queue.push(message);
      this.bytes += weightOf(message);
    }
    if (this.bytes >= this.options.maxBytes && !this.isPaused) {
      this.isPaused = true;
      this.options.pause();
    }
    this.changed.notify();
  }

  /** Where the lane ends, without more of it. */
  heard(highWatermark: number): void {
    this.highWatermark = Math.max(this.highWatermark, highWatermark);
  }

  async *messages(): AsyncGenerator<readonly LaneMessage[]> {
    while (!this.isEnded) {
      const taken = this.take();
      if (taken.length === 0) {
        await this.changed.wait(undefined);
        continue;
      }
      const read = await this.decode(taken);
      this.handedOut(taken, read);
      if (read.length > 0 && !this.isEnded) yield read;
    }
  }

  passed(position: Position): void {
    if (this.isClosed) return;
    const { compare } = this.options.codec.positions;
    for (let [part] = this.parts; part !== undefined; [part] = this.parts) {
      if (part.greatest !== undefined && compare(part.greatest, position) > 0) return;
      this.passedTo = part.end;
      this.parts.shift();
    }
  }

  waiting(): number {
    return this.next === undefined ? 0 : Math.max(0, this.highWatermark - this.next);
  }

  /** The offset that the group should note; undefined as long as nothing was passed. */
  get noted(): number | undefined {
    return this.passedTo;
  }

  /** No more messages; what was read can still be passed. */
  end(): void {
    this.isEnded = true;
    this.queue = [];
    this.changed.notify();
  }

  /** Another may have the lane from now on. */
  close(): void {
    this.end();
    this.isClosed = true;
  }

  private take(): KafkaMessage[] {
    let [count, weight] = [0, 0];
    while (count < this.queue.length && count < MOST_PER_PART && weight < MOST_PART_BYTES) {
      weight += weightOf(this.queue[count] as KafkaMessage);
      count++;
    }
    const taken = this.queue.splice(0, count);
    this.bytes -= weight;
    if (this.isPaused && this.bytes <= this.options.maxBytes / 2) {
      this.isPaused = false;
      this.options.resume();
    }
    return taken;
  }

  private async decode(taken: readonly KafkaMessage[]): Promise<LaneMessage[]> {
    const read: LaneMessage[] = [];
    for (const message of taken) {
      const decoded = decodeMessage(this.lane, message, this.options.codec);
      if (decoded.kind === 'message') {
        read.push(decoded.message);
        continue;
      }
      const { kind: _, ...why } = decoded;
      await this.options.setAside({
        ...why,
        lane: this.lane,
        offset: message.offset,
        value: message.value ?? '',
      });
    }
    return read;
  }

  private handedOut(taken: readonly KafkaMessage[], read: readonly LaneMessage[]): void {
    let greatest: Position | undefined;
    for (const { position } of read) greatest = this.greater(greatest, position);
    this.next = Number(taken.at(-1)?.offset) + 1;
    const last = this.parts.at(-1);
    if (last === undefined || this.parts.length < MOST_PARTS) this.parts.push({ end: this.next, greatest });
    else {
      last.end = this.next;
      last.greatest = this.greater(last.greatest, greatest);
    }
  }

  private greater(a: Position | undefined, b: Position | undefined): Position | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return this.options.codec.positions.compare(a, b) > 0 ? a : b;
  }
}

const weightOf = ({ key, value }: KafkaMessage): number =>
  MESSAGE_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
