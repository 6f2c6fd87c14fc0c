import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { Position } from '../../domain/position.ts';

/**
 * A feed in several lanes, so that several processes can share the work. Each event of the log is in one lane, that of
 * its project and service, and every message says at which position of the log it stands and up to where the lane holds
 * nothing before it. So a reader sees by itself what is a repetition and where something is missing, and whoever writes
 * need remember nothing: two writers at once, or one that begins anew somewhere, do no harm.
 */
export interface LaneMessage {
  /** The log holds no event of this lane behind `previous` and before `position`. Undefined is the log's very start. */
  previous: Position | undefined;
  position: Position;
  /**
   * The event that stands there; without one the message is a mark, and this lane has no event at `position` either,
   * unless that is `previous`, too.
   */
  event?: RecordedEvent;
}

/** The lanes as the relay sees them. */
export interface LaneWriter {
  readonly lanes: number;
  /**
   * Resolves when every message is kept by as many as shall keep it; within a lane they stand in the order given. When
   * it throws, any part of them may be there, each lane's from its beginning on.
   */
  write(messages: ReadonlyMap<number, readonly LaneMessage[]>): Promise<void>;
  /** The greatest position in each lane; undefined where there is nothing (any more). */
  newest(): Promise<readonly (Position | undefined)[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A lane that this process has been given, for as long as it has it. */
export interface AssignedLane {
  readonly lane: number;
  /**
   * What the topic holds, in its order, repetitions included, from where the group has passed it on. Is asked for the
   * next part when the one before is done with: who does not ask holds the lane back, and nothing else. Ends when the
   * lane is taken away. Iterated once.
   */
  messages(): AsyncIterable<readonly LaneMessage[]>;
  /** Up to here nobody need read the lane again; noted with the group in its own time, not at once. */
  passed(position: Position): void;
  /** Messages that wait in the topic behind the last one that was handed out, as last heard. */
  waiting(): number;
}

/** Shares the lanes out among all processes that read as the same group. */
export interface LaneGroup {
  readonly lanes: number;
  /** Lanes come and go with the processes. `revoked` is awaited, within limits, before another process gets the lane. */
  start(handlers: {
    assigned(lane: AssignedLane): void;
    revoked(lane: number): Promise<void>;
    /** The group does without this process for now; it is tried again. */
    failed(error: unknown): void;
  }): Promise<void>;
  ping(): Promise<void>;
  stop(): Promise<void>;
}

/** Where messages go that nobody could make sense of. */
export interface DeadLetters {
  put(letter: DeadLetter): Promise<void>;
}

export interface DeadLetter {
  lane: number;
  reason: string;
  /** Where it stood in the topic, as the topic counts. */
  offset?: string;
  position?: string;
  /** What was read, as it was. */
  value: Uint8Array | string;
}
