import type { Position } from '../domain/position.ts';
import { pause } from './batchWindow.ts';
import { type FollowerStanding, standingAt } from './follow.ts';
import type { CheckpointStore, EventFeed } from './ports.ts';

/** How far those have come who follow the log in other processes, told through the store that all of them reach. */

export type FollowerName = 'alerts' | 'notifications';

const recordOf = (name: FollowerName): string => `follower-${name}`;
const everyMs = 1_000;

export interface ShareDeps {
  checkpoints: CheckpointStore;
  name: FollowerName;
  position: () => Position | undefined;
  onError: (error: unknown) => void;
}

/** Tells the others now and then, for as long as the position moves. */
export function shareStanding({ checkpoints, name, position, onError }: ShareDeps) {
  const stopping = new AbortController();
  let told: Position | undefined;

  async function tell(): Promise<void> {
    const done = position();
    if (done === undefined || done === told) return;
    // Another process may have been at it meanwhile; what is told last is what counts.
    await checkpoints.load(recordOf(name));
    await checkpoints.save(recordOf(name), { active: { version: 1, number: 1, done } });
    told = done;
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await tell().catch(onError);
      await pause(everyMs, signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export async function sharedStanding(
  checkpoints: Pick<CheckpointStore, 'load'>,
  log: Pick<EventFeed, 'head' | 'read' | 'compare' | 'distance'>,
  name: FollowerName,
  now: number,
): Promise<FollowerStanding> {
  const position = (await checkpoints.load(recordOf(name)))?.active.done;
  return await standingAt(log, { position, error: undefined, now });
}
