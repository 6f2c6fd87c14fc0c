import { describe, expect, it } from 'vitest';
import { incident, trafficOf } from '../support/alertTraffic.ts';
import { decidedIn, replayed } from '../support/recordedDecider.ts';
import {
  type Ends,
  expectLiveIsReplayed,
  expectNoGaps,
  expectOneAfterTheOther,
  few,
  play,
} from './support/alertStory.ts';

/** Whatever fired, each once. */
function firedIn(decided: readonly string[]): string[] {
  const fired = decided
    .map((one): [string, string, { rule: string; labels: object }] => JSON.parse(one))
    .filter(([, type]) => type === 'AlertFired')
    .map(([, , { rule, labels }]) => JSON.stringify([rule, labels]));
  return [...new Set(fired)].sort();
}

describe('what a decider decides that ends and begins again', () => {
  it.each<[string, Ends['how']]>([
    [
      'stopped and started',
      async (one) => {
        await one.stop();
        await one.start({ snapshot: one.snapshots.at(-1) });
      },
    ],
    [
      'killed between two events',
      async (one) => {
        one.kill();
        await one.start({ snapshot: one.snapshots.at(-1) });
      },
    ],
    [
      'killed, with an older snapshot',
      async (one, random) => {
        one.kill();
        await one.start({ snapshot: one.snapshots[random.int(one.snapshots.length)] });
      },
    ],
    [
      'killed at its next append',
      async (one, random) => {
        const death = { atAppend: 1 + random.int(3), carriedOut: random.chance(0.5) };
        one.kill();
        await one.start({ snapshot: one.snapshots.at(-1), death });
      },
    ],
  ])('is what a replay decides, after it was %s again and again', { timeout: 60_000 }, async (name, how) => {
    const traffic = trafficOf(incident, name);
    const ends = { often: 15, how };
    const recorder = await play({ traffic, seed: name, batch: few, maxEvents: 50, ends });
    expectNoGaps(await expectLiveIsReplayed(recorder));
  });

  it('goes on with what was open after everything but the log was lost', { timeout: 60_000 }, async () => {
    const traffic = trafficOf(incident, 'lost');
    const how: Ends['how'] = async (one) => {
      one.kill();
      await one.start();
    };
    const recorder = await play({
      traffic,
      seed: 'lost',
      batch: few,
      maxEvents: 50,
      ends: { often: 12, how },
    });
    expect(recorder.recalls).toBeGreaterThan(10);
    expect(recorder.faults).toEqual([]);
    const events = await recorder.events();
    expectNoGaps(events);
    expectOneAfterTheOther(events);
    // What was on its way when it died is decided a moment later; nothing that fires is missed.
    expect(firedIn(decidedIn(events))).toEqual(firedIn(replayed(events)));
  });
});
