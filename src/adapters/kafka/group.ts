import type { LaneGroup } from '../../projections/lanes/ports.ts';
import { backOff, pause } from '../waiting.ts';
import { type ConsumerOptions, RunningConsumer } from './consumer.ts';
import type { LaneHandlers } from './heldLanes.ts';

export interface GroupOptions extends Omit<ConsumerOptions, 'handlers'> {
  lanes: number;
  /** Resolves when the topic is there and fits. */
  ready: () => Promise<unknown>;
  /** Has that looked at again, for what it throws again. */
  again: (error: unknown) => never;
}

/** Reads as a group for as long as it is wanted: when a consumer ends, another begins. */
export function openGroup(options: GroupOptions): LaneGroup {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let consumer: RunningConsumer | undefined;

  async function live(handlers: LaneHandlers): Promise<void> {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      try {
        await options.ready();
        if (stopping.signal.aborted) return;
        consumer = new RunningConsumer({ ...options, handlers });
        if (stopping.signal.aborted) await consumer.stop();
        await consumer.ended.catch(options.again);
      } catch (error) {
        if (!stopping.signal.aborted) handlers.failed(error);
      }
      if (consumer?.hasJoined === true) tries = 0;
      consumer = undefined;
      await pause(backOff(tries), stopping.signal);
    }
  }

  return {
    lanes: options.lanes,
    async start(handlers) {
      running ??= live(handlers);
    },
    async ping() {
      if (consumer?.isMember !== true) throw new Error(`Not yet in the Kafka group ${options.groupId}.`);
    },
    async stop() {
      stopping.abort();
      await consumer?.stop();
      await running;
    },
  };
}
