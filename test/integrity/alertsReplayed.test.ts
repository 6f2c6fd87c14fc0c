import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/domain/simulation/random.ts';
import { incident, trafficOf, wholeDay } from '../support/alertTraffic.ts';
import { expectLiveIsReplayed, expectNoGaps, few, many, play } from './support/alertStory.ts';

const nearlyOne = (random: Random): number => 1 + random.int(4);

describe('what was decided live and what a replay decides', () => {
  it.each([
    ['one or two at a time', nearlyOne, 1],
    ['few at a time', few, 7],
    ['many at a time', many, 2_000],
  ])('are the same bytes in the same order, with %s', { timeout: 60_000 }, async (name, batch, maxEvents) => {
    const all = trafficOf(incident, name);
    const traffic = batch === nearlyOne ? all.slice(0, 9_000) : all;
    const events = await expectLiveIsReplayed(await play({ traffic, seed: name, batch, maxEvents }));
    expectNoGaps(events);
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['AlertFired', 'AlertResolved', 'ClockAdvanced', 'AlertResolutionRequested'])
      expect(types).toContain(type);
  });

  it('are the same for a whole day', { timeout: 120_000 }, async () => {
    const traffic = trafficOf(wholeDay, 'a day');
    const recorder = await play({ traffic, seed: 'a day', batch: many, maxEvents: 2_000 });
    expectNoGaps(await expectLiveIsReplayed(recorder));
  });
});
