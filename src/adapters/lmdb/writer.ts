import type { AppendOutcome, StreamAppend } from '../../projections/ports.ts';
import { sealBlock } from './block.ts';
import { type Call, countOf, idsOf } from './calls.ts';
import { type Adopted, type GroupPlan, Planner } from './groupPlan.ts';
import type { LogState } from './logState.ts';
import { cutBlocks, putBlock, type RawBlock, SMALL_BLOCK } from './rawBlock.ts';

interface Group {
  settled: { call: Call; outcome: AppendOutcome }[];
  plan: GroupPlan;
  blocks: RawBlock[];
  /** How many failures there had been when it was planned. */
  failures: number;
}

/** A group is closed when it has this many events; one call may bring more. */
const EVENTS_PER_GROUP = 2_048;
const MAX_PENDING_REVISIONS = 10_000;
/** Small blocks take several times the room; so many of them are merged without waiting to be asked. */
const MANY_SMALL_BLOCKS = 1_024;
/** Filters that stand alone make every search for a stream longer. */
const MANY_LARGE_BLOCKS = 128;

/** What the writer sees to without waiting for it. */
export interface Housekeeping {
  mergeBlocks(): void;
  gatherFilters(): void;
}

/**
 * Group commit: calls that arrive while the disk is busy go into one transaction. While one group is flushed the
 * next is planned and compressed. A group that cannot be written takes the one planned on top of it along.
 */
export class Writer {
  private queue: Call[] = [];
  private running: Promise<void> | undefined;
  private committing: Promise<void> = Promise.resolve();
  /** How many of the next calls are to be groups of their own. */
  private singly = 0;
  private failures = 0;
  private lastFailure: unknown;
  private readonly planner: Planner;
  private readonly state: LogState;
  private readonly clock: () => number;
  private readonly housekeeping: Housekeeping;
  private smallBlocks = 0;
  private largeBlocks = 0;

  constructor(state: LogState, clock: () => number, housekeeping: Housekeeping) {
    this.state = state;
    this.housekeeping = housekeeping;
    this.clock = clock;
    const { ids, revisions, upcast, head, lastRecordedAt } = state;
    this.planner = new Planner(ids, revisions, upcast, head, lastRecordedAt);
  }

  append(appends: readonly StreamAppend[]): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      this.queue.push({ appends, resolve, reject });
      this.start();
    });
  }

  private start(): void {
    this.running ??= this.run()
      .catch((error: unknown) => this.refuseAll(error))
      .finally(() => {
        this.running = undefined;
        // Calls that came while the last group was flushed have nobody else to wake the writer for them.
        if (this.queue.length > 0) this.start();
      });
  }

  /** Resolves when everything that was appended before is on disk or refused. */
  async drain(): Promise<void> {
    while (this.running !== undefined) await this.running;
    await this.committing;
  }

  private async run(): Promise<void> {
    // Calls made in the same turn of the event loop belong together.
    await undefined;
    while (this.queue.length > 0) {
      if (this.state.revisions.pendingCount > MAX_PENDING_REVISIONS) await this.forgetPending();
      const group = await this.nextGroup();
      const sealed = Promise.all(group.blocks.map(({ head, raw }) => sealBlock(head, raw)));
      await Promise.allSettled([sealed, this.committing]);
      // What failed meanwhile was taken back, and this group's plan stood on it.
      if (group.failures < this.failures) this.refuse(group, this.lastFailure);
      else this.committing = this.commit(group, sealed);
    }
  }

  private async forgetPending(): Promise<void> {
    await this.committing;
    this.state.revisions.forgetPending();
  }

  private async nextGroup(): Promise<Group> {
    const { store, ids } = this.state;
    const adopted = await this.adopt();
    while (store.unreadable) await store.unreadable;
    const idsBefore = ids.count;
    const group = this.planGroup(adopted);
    try {
      group.blocks = cutBlocks(group.plan, ids.bytes(idsBefore, ids.count));
      return group;
    } catch (error) {
      await this.committing;
      this.takeBack();
      return this.setAside(group, error);
    }
  }

  /** Finds what streams already have whose revision is asked for the first time. */
  private async adopt(): Promise<Adopted> {
    const adopted = new Map<string, readonly number[]>();
    const [call] = this.queue;
    const { store } = this.state;
    try {
      for (;;) {
        while (store.unreadable) await store.unreadable;
        const stream = call && this.planner.unknownStream(call.appends, adopted);
        if (stream === undefined) return adopted;
        await this.committing;
        const positions: number[] = [];
        for await (const events of this.state.streams.read(stream, 0, () => false)) {
          for (const event of events) positions.push(Number(event.position));
        }
        adopted.set(stream, positions);
      }
    } catch (error) {
      this.queue.shift();
      call?.reject(error);
      return adopted;
    }
  }

  private planGroup(adopted: Adopted): Group {
    const plan: GroupPlan = { events: [], streams: [], rows: [] };
    const group: Group = { settled: [], plan, blocks: [], failures: this.failures };
    const now = this.clock();
    const calls = this.nextCalls();
    const batch = this.state.ids.look(idsOf(calls));
    let taken = 0;
    let firstId = 0;
    for (const call of calls) {
      if (taken > 0 && this.planner.unknownStream(call.appends, adopted) !== undefined) break;
      taken++;
      try {
        const planned = { appends: call.appends, batch, firstId };
        group.settled.push({ call, outcome: this.planner.add(plan, planned, now, adopted) });
      } catch (error) {
        call.reject(error);
      }
      firstId += countOf(call);
    }
    this.queue = this.queue.slice(taken);
    return group;
  }

  private nextCalls(): Call[] {
    if (this.singly > 0) {
      this.singly--;
      return this.queue.slice(0, 1);
    }
    let events = 0;
    let count = 0;
    while (count < this.queue.length && events < EVENTS_PER_GROUP)
      events += countOf(this.queue[count++] as Call);
    return this.queue.slice(0, count);
  }

  /** Something in the group cannot be encoded: each call is tried by itself, so that only the culprit fails. */
  private setAside(group: Group, error: unknown): Group {
    const calls = group.settled.map(({ call }) => call);
    if (calls.length === 1) calls[0]?.reject(error);
    else {
      this.queue = [...calls, ...this.queue];
      this.singly = calls.length;
    }
    return { settled: [], plan: { events: [], streams: [], rows: [] }, blocks: [], failures: this.failures };
  }

  private async commit(group: Group, sealed: Promise<Buffer[]>): Promise<void> {
    const { state } = this;
    const { events, rows } = group.plan;
    try {
      const blocks = await sealed;
      if (events.length > 0) {
        await state.store.write((tables) => {
          for (const [i, block] of blocks.entries()) putBlock(tables, group.blocks[i] as RawBlock, block);
          for (const { stream, first, positions } of rows)
            state.revisions.put(tables, stream, first, positions);
          state.ids.put(tables, events.length);
        });
      }
    } catch (error) {
      this.fail(group, error);
      return;
    }
    this.publish(group);
    for (const { call, outcome } of group.settled) call.resolve(outcome);
    await this.sealIds();
  }

  private publish({ blocks, plan }: Group): void {
    const { state } = this;
    state.ids.markStored(plan.events.length);
    for (const { head, events } of blocks) {
      state.directory.push(head);
      state.cache.set(head, events);
      state.head = head.last;
      state.lastRecordedAt = head.maxAt;
    }
    if (blocks.length > 0) state.grown.notify();
    const small = blocks.filter(({ head }) => head.count < SMALL_BLOCK).length;
    this.smallBlocks += small;
    this.largeBlocks += blocks.length - small;
    if (this.smallBlocks >= MANY_SMALL_BLOCKS) {
      this.smallBlocks = 0;
      this.housekeeping.mergeBlocks();
    }
    if (this.largeBlocks >= MANY_LARGE_BLOCKS) {
      this.largeBlocks = 0;
      this.housekeeping.gatherFilters();
    }
  }

  /** Sealing is housekeeping: when there is no room for it now, it is tried again after the next commit. */
  private async sealIds(): Promise<void> {
    if (this.state.ids.isFull) await this.state.ids.seal(this.state.head).catch(() => undefined);
  }

  private fail(group: Group, error: unknown): void {
    this.failures++;
    this.lastFailure = error;
    this.takeBack();
    this.refuse(group, error);
  }

  private takeBack(): void {
    this.state.ids.takeBackUnstored();
    this.state.revisions.forgetPending();
    this.planner.position = this.state.head;
    this.planner.recordedAt = this.state.lastRecordedAt;
  }

  /** For faults that belong to no call, such as a damaged index of ids. */
  private refuseAll(error: unknown): void {
    const calls = this.queue;
    this.queue = [];
    for (const { reject } of calls) reject(error);
  }

  private refuse(group: Group, error: unknown): void {
    for (const { call } of group.settled) call.reject(error);
  }
}
