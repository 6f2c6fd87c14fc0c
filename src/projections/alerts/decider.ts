import { setImmediate as nextTurn } from 'node:timers/promises';
import { clockStream } from '../../domain/alerts/identity.ts';
import { type Decision, eventOf } from '../../domain/alerts/processor/decision.ts';
import { AlertProcessor, type SavedProcessor } from '../../domain/alerts/processor/processor.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { asPosition, type Position } from '../../domain/position.ts';
import { pause } from '../batchWindow.ts';
import { follow, standingAt } from '../follow.ts';
import type { EventLog } from '../ports.ts';
import { createDecisionWriter } from './decisionWriter.ts';
import { createLookAhead } from './lookAhead.ts';
import type { SnapshotStore } from './ports.ts';

/**
 * Keeps the alerts up with the log: shows it to the processor, and records what that decides. After a crash the same
 * events lead to the same decisions, which have the same ids, so that the log holds each of them once.
 */

export interface DeciderDeps {
  log: Pick<
    EventLog,
    'append' | 'read' | 'readStream' | 'readByTime' | 'subscribe' | 'head' | 'compare' | 'distance'
  >;
  snapshots: SnapshotStore;
  /** Epoch milliseconds. */
  clock: () => number;
  /** Milliseconds that never go back. */
  stopwatch: () => number;
  newId: () => string;
  observer: DeciderObserver;
}

export interface DeciderObserver {
  /** How long after it could be known, by the clock. */
  decided(decision: Decision, behindMs: number): void;
  failed(error: unknown, retryInMs: number): void;
  /** There was no usable snapshot: what is known has been read from the log anew. */
  recalled(events: number): void;
}

interface Snapshot {
  format: typeof snapshotFormat;
  position: string;
  processor: SavedProcessor;
}

/** Raised when a snapshot no longer means the same; older ones are then not used, and the log is read instead. */
const snapshotFormat = 2;
const tickMs = 250;
/** After so long others have their turn, however much is due. */
const judgeMs = 10;
const warmRetryMs = 2_000;
const snapshotEveryMs = 30_000;
/** Writing snapshots may take so much of the time. */
const snapshotShare = 50;

export type Decider = Awaited<ReturnType<typeof openDecider>>;

export async function openDecider(deps: DeciderDeps) {
  const { log, clock, stopwatch, observer, snapshots } = deps;
  const restored = await restore(deps);
  const { processor } = restored;
  let { position } = restored;
  const writer = createDecisionWriter(log);
  const lookAhead = createLookAhead(processor, stopwatch);
  const stopping = new AbortController();
  let undecided: Decision[] = [];
  let lastError: string | undefined;
  let lastTurnAt = stopwatch();
  let lastBehindMs = 0;
  /** It has seen events beyond `position`; such a state belongs to no position. */
  let unsettled = false;
  let nextSnapshotAt = stopwatch() + snapshotEveryMs;
  let savedPosition = restored.isSaved ? position : undefined;
  let running: Promise<unknown> = Promise.resolve();

  function observe(event: RecordedEvent): void | Promise<void> {
    unsettled = true;
    if (event.type === 'RulesChanged') lookAhead.forgetAll();
    else lookAhead.forget(event.project);
    passingOver(() => undecided.push(...processor.take(event)));
    if (!judge()) return judgeOn(event.position);
    // The windows of new rules are filled before the next event is shown, for that is judged by them.
    if (processor.coldSince !== undefined) return warmUp(event.position);
  }

  /** Whoever is shown it again fails again: it is passed over, and said. */
  function passingOver(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      fail(error, 0);
    }
  }

  /** False when there is more to judge than one turn has time for. */
  function judge(): boolean {
    if (!processor.isDue) return true;
    const until = stopwatch() + judgeMs;
    let isDone = true;
    passingOver(() => {
      do undecided.push(...processor.judgeNext());
      while (processor.isDue && stopwatch() < until);
      isDone = !processor.isDue;
    });
    return isDone;
  }

  /** What has become due in a long silence can be thousands of steps. */
  async function judgeOn(until: Position): Promise<void> {
    do await nextTurn();
    while (!stopping.signal.aborted && !judge());
    if (processor.coldSince !== undefined) await warmUp(until);
  }

  async function warmUp(until: Position): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        await showPast(until, signal);
        processor.warmed();
        return;
      } catch (error) {
        if (signal.aborted) return;
        fail(error, warmRetryMs);
        await pause(warmRetryMs, signal);
      }
    }
  }

  async function showPast(until: Position, signal: AbortSignal): Promise<void> {
    const range = { fromTime: processor.coldSince ?? 0, toTime: Number.MAX_SAFE_INTEGER, signal };
    processor.cool();
    for await (const { events } of log.readByTime(range)) {
      for (const event of events) {
        if (log.compare(event.position, until) > 0) return;
        processor.warm(event);
      }
    }
    signal.throwIfAborted();
  }

  async function settle(to: Position): Promise<void> {
    await writer.write(undecided);
    for (const decision of undecided) observer.decided(decision, clock() - decision.event.occurredAt);
    undecided = [];
    position = to;
    unsettled = false;
    lastError = undefined;
    if (stopwatch() >= nextSnapshotAt) await trySnapshot();
  }

  /** Without one, a restart takes longer; what is decided does not have to wait for it. */
  async function trySnapshot(): Promise<void> {
    try {
      await saveSnapshot();
    } catch (error) {
      nextSnapshotAt = stopwatch() + snapshotEveryMs;
      observer.failed(error, snapshotEveryMs);
    }
  }

  async function saveSnapshot(): Promise<void> {
    if (position === undefined || position === savedPosition) return;
    // A snapshot does not tell that windows have yet to be filled.
    if (processor.coldSince !== undefined) return;
    const started = stopwatch();
    const snapshot: Snapshot = { format: snapshotFormat, position, processor: processor.save() };
    await snapshots.save(JSON.stringify(snapshot));
    savedPosition = snapshot.position as Position;
    const took = stopwatch() - started;
    nextSnapshotAt = started + Math.max(snapshotEveryMs, took * snapshotShare);
  }

  const fail = (error: unknown, retryInMs: number) => {
    lastError = error instanceof Error ? error.message : String(error);
    observer.failed(error, retryInMs);
  };

  /** While events come, time is theirs; where none do, it passes by the clock. */
  async function tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(tickMs, signal);
      try {
        await takeTurn();
        // A log that does not answer, or takes nothing, keeps the turn from being taken.
        lastTurnAt = stopwatch();
      } catch (error) {
        if (!signal.aborted) fail(error, tickMs);
      }
    }
  }

  async function takeTurn(): Promise<void> {
    const head = await log.head();
    if (stopping.signal.aborted || unsettled || head !== position) return;
    const now = clock();
    for (const { project, to } of lookAhead.look(now)) {
      const about = { id: deps.newId(), at: now, project };
      const events = [eventOf('ClockAdvanced', { to }, about)];
      await log.append([{ stream: clockStream(project), events, expected: 'any' }]);
    }
  }

  const standing = () => standingAt(log, { position, error: lastError, now: clock() });

  async function behind(): Promise<number> {
    const { lagMs } = await standing();
    lastBehindMs = Math.max(lagMs, aheadMs());
    return Math.max(lastBehindMs, stopwatch() - lastTurnAt - tickMs);
  }

  /** The log's time never goes back: when the clock was wrong once, nothing is decided until it has come so far again. */
  function aheadMs(): number {
    let last = Number.NEGATIVE_INFINITY;
    for (const name of processor.names) last = Math.max(last, processor.heardAt(name));
    return Math.max(0, last - clock());
  }

  // What was recalled is so far known here alone; from a snapshot it can be taken up again exactly as it stands.
  await trySnapshot();

  return {
    processor,
    start() {
      const { signal } = stopping;
      const following = follow({ feed: log, after: position, observe, settle, onError: fail, signal });
      running = Promise.all([following, tick(signal)]);
    },
    async stop() {
      stopping.abort();
      await running;
      if (!unsettled) await saveSnapshot().catch(() => undefined);
    },
    /** How late decisions are by the clock: what is behind the log, or a turn that is overdue. */
    behind,
    /** The same as it was last known, for those who cannot wait. */
    lateMs: () => Math.max(lastBehindMs, stopwatch() - lastTurnAt),
    /** Label sets that are followed. */
    series: () => processor.series,
    /** Events that came too late for the windows of a rule, over all rules. */
    tooLate: () => processor.tooLate,
    standing,
    position: () => position,
  };
}

async function restore(
  deps: DeciderDeps,
): Promise<{ processor: AlertProcessor; position: Position | undefined; isSaved: boolean }> {
  const saved = readSnapshot(await deps.snapshots.load());
  const head = await deps.log.head();
  // One from beyond the log's end is of another log, or this one was put back from a copy.
  if (saved !== undefined && head !== undefined && deps.log.compare(saved.position, head) <= 0) {
    return { ...saved, isSaved: true };
  }
  const processor = new AlertProcessor();
  let position: Position | undefined;
  let recalled = 0;
  for await (const { events, to } of deps.log.read()) {
    for (const event of events) processor.recall(event);
    recalled += events.length;
    position = to;
  }
  processor.recalled();
  if (recalled > 0) deps.observer.recalled(recalled);
  return { processor, position, isSaved: false };
}

/** One that cannot be read is as good as none. */
function readSnapshot(
  text: string | undefined,
): { processor: AlertProcessor; position: Position } | undefined {
  if (text === undefined) return undefined;
  try {
    const { format, position, processor } = JSON.parse(text) as Snapshot;
    if (format !== snapshotFormat || typeof position !== 'string') return undefined;
    return { processor: new AlertProcessor({ saved: processor }), position: asPosition(position) };
  } catch {
    return undefined;
  }
}
