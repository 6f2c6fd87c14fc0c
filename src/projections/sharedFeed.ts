import type { Position } from '../domain/position.ts';
import { unlessAborted } from './batchWindow.ts';
import type { EventBatch, EventFeed } from './ports.ts';

const batchEvents = 2_000;
const keptBatches = 3;

/**
 * One reading of the feed for all that follow it in this process: unpacking events costs more than most of them do with
 * what they see. Who falls behind further than is kept reads for itself until it has caught up, and holds up nobody.
 */
export function shareFeed(
  feed: Pick<EventFeed, 'read' | 'subscribe' | 'compare'>,
): Pick<EventFeed, 'subscribe'> {
  /** One unbroken stretch, the newest last. */
  let kept: EventBatch[] = [];
  let reading: { after: Position | undefined; batch: Promise<EventBatch | undefined> } | undefined;

  function keep(batch: EventBatch): void {
    const newest = kept.at(-1);
    if (newest === undefined || newest.to === batch.from) kept = [...kept, batch].slice(-keptBatches);
    else if (feed.compare(batch.to, newest.to) > 0) kept = [batch];
  }

  /** Undefined when the log has been closed. */
  async function readNext(after: Position | undefined): Promise<EventBatch | undefined> {
    for await (const batch of feed.subscribe({ after, maxEvents: batchEvents })) {
      // Where the log has forgotten what lay before, it begins further on; whoever asks knows it by where it stands.
      const whole: EventBatch = { ...batch, from: after };
      keep(whole);
      return whole;
    }
    return undefined;
  }

  function nextForAll(after: Position | undefined): Promise<EventBatch | undefined> {
    if (reading === undefined || reading.after !== after) {
      const batch = readNext(after);
      reading = { after, batch };
      const forget = () => {
        if (reading?.batch === batch) reading = undefined;
      };
      batch.then(forget, forget);
    }
    return reading.batch;
  }

  /** Up to where what is kept begins, or to the next of its boundaries. */
  async function nextAlone(after: Position | undefined, signal: AbortSignal | undefined) {
    const isAhead = (position: Position | undefined) =>
      position !== undefined && (after === undefined || feed.compare(position, after) > 0);
    const until = kept.find(({ from }) => isAhead(from))?.from ?? kept.find(({ to }) => isAhead(to))?.to;
    if (until === undefined) return undefined;
    const options = { after, until, maxEvents: batchEvents, ...(signal !== undefined && { signal }) };
    for await (const batch of feed.read(options)) return { ...batch, from: after };
    return undefined;
  }

  async function* subscribe(options: Parameters<EventFeed['subscribe']>[0] = {}): AsyncGenerator<EventBatch> {
    const { signal } = options;
    let { after } = options;
    while (signal?.aborted !== true) {
      const batch =
        kept.find(({ from }) => from === after) ??
        (await nextAlone(after, signal)) ??
        (await unlessAborted(nextForAll(after), signal));
      if (batch === undefined) return;
      yield batch;
      after = batch.to;
    }
  }

  return { subscribe };
}
