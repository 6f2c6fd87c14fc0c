import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AlertProcessor } from '../../../src/domain/alerts/processor/processor.ts';
import type { Decider } from '../../../src/projections/alerts/decider.ts';
import { readAll } from '../../support/ingest.ts';
import { failingRule, World } from './world.ts';

let world: World;
let decider: Decider;
const open = async (snapshots = world.snapshots): Promise<void> => {
  decider = await world.openDecider(snapshots);
  decider.start();
};
const caughtUp = () =>
  vi.waitFor(async () => expect((await decider.standing()).lagEvents).toBe(0), { timeout: 5_000 });
const steps = (...expected: string[]) =>
  vi.waitFor(async () => expect(await world.stepsOf()).toEqual(expected), { timeout: 5_000 });

beforeEach(async () => {
  world = new World();
  await world.useRules(failingRule);
  await open();
});
afterEach(() => decider.stop());

describe('a decider whose log takes nothing for a while', () => {
  it('loses no decision and makes none twice', async () => {
    world.refuses = true;
    await world.requests(5, 'error');
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(1));
    expect(await world.stepsOf()).toEqual([]);
    const { lagEvents, error } = await decider.standing();
    expect([lagEvents > 0, error]).toEqual([true, 'no room']);
    world.refuses = false;
    await steps('1 AlertFired');
    await caughtUp();
    expect((await decider.standing()).error).toBeUndefined();
  });

  it('says how late it is, by the oldest event that waits, and not by when it last got one', async () => {
    await caughtUp();
    world.now += 3_600_000;
    await vi.waitFor(async () => expect(await decider.behind()).toBe(0));
    world.refuses = true;
    await world.requests(5, 'error');
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(0));
    // What came after an hour of silence has been waiting for a moment, not for an hour.
    expect((await decider.standing()).lagMs).toBeLessThan(10_000);
    world.now += 60_000;
    expect(await decider.behind()).toBeGreaterThan(60_000);
    expect(decider.lateMs()).toBeGreaterThan(60_000);
    world.refuses = false;
    await vi.waitFor(async () => expect(await decider.behind()).toBe(0));
    expect(await world.stepsOf()).toContain('1 AlertFired');
  });

  it('is late as well when the log answers nobody', async () => {
    await caughtUp();
    const head = vi.spyOn(world.log, 'head').mockRejectedValue(new Error('away'));
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(0));
    world.now += 120_000;
    expect(decider.lateMs()).toBeGreaterThan(60_000);
    head.mockRestore();
    await vi.waitFor(() => expect(decider.lateMs()).toBeLessThan(1_000));
  });

  it('is late when no time can be recorded, though no event waits', async () => {
    await world.requests(5, 'error');
    await steps('1 AlertFired');
    await caughtUp();
    world.refuses = true;
    world.now += 20_000;
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(1), { timeout: 5_000 });
    world.now += 120_000;
    expect(decider.lateMs()).toBeGreaterThan(60_000);
    world.refuses = false;
    await vi.waitFor(() => expect(decider.lateMs()).toBeLessThan(1_000), { timeout: 5_000 });
  });
});

describe('after a long silence', () => {
  it('others have their turn while it is judged, and what is decided is the same', async () => {
    const long = failingRule.replace('window: 10s', 'window: 1h').replace('noData: resolve', 'noData: keep');
    await decider.stop();
    // Each look at this clock is a turn used up.
    decider = await world.openDecider(world.snapshots, () => performance.now() * 20);
    await world.useRules(long, 2);
    await world.requests(5, 'error');
    const step = vi.spyOn(decider.processor, 'judgeNext');
    world.now += 2 * 3_600_000;
    // The second ends the beat of the first.
    await world.requests(2, 'success');
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    decider.start();
    await vi.waitFor(() => expect(step.mock.calls.length).toBeGreaterThan(3_000), { timeout: 10_000 });
    await caughtUp();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
    const fixed = new AlertProcessor();
    const decided = (await readAll(world.memory)).flatMap((one) =>
      fixed.observe(one).map(({ event }) => event.id),
    );
    const recorded = (await world.recorded('AlertFired', 'AlertResolved', 'AlertDataLost')).map(
      ({ id }) => id,
    );
    expect(recorded).toEqual(decided);
    expect(recorded.length).toBeGreaterThan(1);
  });
});

describe('time without events', () => {
  it('is recorded only when something follows from it', async () => {
    await world.requests(5, 'error');
    await steps('1 AlertFired');
    world.now += 20_000;
    await vi.waitFor(async () => expect(await world.stepsOf()).toContain('2 AlertResolved'), {
      timeout: 5_000,
    });
    const advanced = await world.recorded('ClockAdvanced');
    expect(advanced.length).toBeGreaterThan(0);
    world.now += 600_000;
    await caughtUp();
    const { size } = decider.processor.projects;
    expect(size).toBe(1);
    expect(await world.recorded('ClockAdvanced')).toHaveLength(advanced.length);
  });

  it('is looked at with the rules that are in force now, of whatever project', async () => {
    const keeping = failingRule.replace('noData: resolve', 'noData: keep');
    await world.useRules(keeping, 2);
    await world.requests(30, 'error', 'shop');
    await steps('1 AlertFired');
    world.now += 60_000;
    await steps('1 AlertFired', '2 AlertDataLost');
    // Long enough to have looked ahead once more, and seen nothing.
    world.now += 5_000;
    const looks = vi.spyOn(decider.processor, 'shadowOf');
    await vi.waitFor(() => expect(looks).toHaveBeenCalled());
    await world.useRules(failingRule, 3);
    world.now += 5_000;
    await steps('1 AlertFired', '2 AlertDataLost', '3 AlertResolved');
  });
});

describe('new rules', () => {
  it('are warmed from the past, and a past that cannot be read now is read later', {
    timeout: 15_000,
  }, async () => {
    await world.requests(20, 'error');
    await steps('1 AlertFired');
    world.unreadable = 1;
    await world.useRules(failingRule.replace('name: failing', 'name: other').replace('10s', '15s'), 2);
    await world.requests(2, 'error');
    await vi.waitFor(async () => expect((await world.stepsOf()).length).toBe(3), { timeout: 10_000 });
    expect(world.faults.map(String)).toEqual([expect.stringContaining('not readable now')]);
    const [, , fired] = await world.recorded('AlertFired', 'AlertResolved');
    expect(fired?.data).toMatchObject({ rule: 'other', evidence: { value: 1, figures: { requests: 15 } } });
  });

  it('whose warming was cut off by a stop decide nothing on empty windows', async () => {
    await world.requests(3, 'success');
    await caughtUp();
    world.unreadable = 1_000;
    await world.useRules(failingRule.replace('name: failing', 'name: other').replace('10s', '15s'), 2);
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(0));
    // With the successes of before they are not above half; alone they are.
    await world.requests(2, 'error');
    await world.requests(3, 'success');
    await decider.stop();
    expect(await world.stepsOf()).toEqual([]);
    world.unreadable = 0;
    await open();
    await world.requests(3, 'success');
    await caughtUp();
    expect(await world.stepsOf()).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('is not made while new rules have yet to be warmed, also when the log was there before the rules', async () => {
    await decider.stop();
    world = new World();
    await world.requests(20, 'error');
    await world.useRules(failingRule);
    decider = await world.openDecider();
    expect(world.saved).toEqual([]);
    decider.start();
    await world.requests(2, 'error');
    await steps('1 AlertFired');
    await decider.stop();
    expect(world.saved).toHaveLength(1);
  });

  it('is there from the beginning, so that nothing has to be recalled after a crash', async () => {
    expect(world.saved).toHaveLength(1);
    expect(world.recalled).toBeGreaterThan(0);
    world.recalled = 0;
    await world.requests(5, 'error');
    await steps('1 AlertFired');
    await decider.stop();
    await open();
    expect(world.recalled).toBe(0);
    world.now += 20_000;
    await vi.waitFor(async () => expect(await world.stepsOf()).toEqual(['1 AlertFired', '2 AlertResolved']), {
      timeout: 5_000,
    });
  });

  it.each<[string, (text: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is no JSON', (text) => text.slice(0, 100)],
    ['is nothing at all', () => 'null'],
    ['is of another format', (text) => text.replace('"format":2', '"format":1')],
    ['has lost its projects', (text) => JSON.stringify({ ...JSON.parse(text), processor: { rules: null } })],
    ['has lost its position', (text) => JSON.stringify({ ...JSON.parse(text), position: undefined })],
    [
      'is from beyond the end of the log',
      (text) => JSON.stringify({ ...JSON.parse(text), position: '999999' }),
    ],
  ])('that %s is as good as none: the log is read, and the alert goes on', async (_, damage) => {
    await world.requests(5, 'error');
    await steps('1 AlertFired');
    await decider.stop();
    const text = world.saved.at(-1) ?? '';
    const { length } = world.saved;
    world.recalled = 0;
    await open({ ...world.snapshots, load: async () => damage(text) });
    expect(world.recalled).toBeGreaterThan(6);
    expect(world.saved.length, 'what was recalled is kept').toBe(length + 1);
    expect(world.faults).toEqual([]);
    await world.requests(3, 'error');
    await caughtUp();
    expect(await world.stepsOf()).toEqual(['1 AlertFired']);
    await world.requests(12, 'success');
    await steps('1 AlertFired', '2 AlertResolved');
  });

  it('that cannot be written holds up no decision', async () => {
    world.snapshotsFail = true;
    world.now += 60_000;
    await world.requests(5, 'error');
    await steps('1 AlertFired');
    await caughtUp();
    expect(world.faults).toHaveLength(1);
    expect((await decider.standing()).error).toBeUndefined();
    world.snapshotsFail = false;
    world.now += 60_000;
    const { length } = world.saved;
    await world.requests(5, 'error');
    await vi.waitFor(() => expect(world.saved.length).toBe(length + 1));
  });

  it('keeps what was warmed and not judged yet', async () => {
    await world.requests(1, 'error');
    world.now += 7_000;
    await steps('1 AlertFired');
    await world.useRules(failingRule.replace('name: failing', 'name: other').replace('10s', '5m'), 2);
    await caughtUp();
    await decider.stop();
    await open();
    expect(world.recalled).toBeLessThan(3);
    // Nothing that the rule looks at comes any more, and nothing leaves its window for minutes.
    world.now += 7_000;
    await vi.waitFor(
      async () =>
        expect((await world.recorded('AlertFired')).map(({ data }) => 'rule' in data && data.rule)).toEqual([
          'failing',
          'other',
        ]),
      { timeout: 5_000 },
    );
  });
});
