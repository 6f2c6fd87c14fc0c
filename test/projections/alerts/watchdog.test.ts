import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHeartbeat } from '../../../src/adapters/channels/heartbeat.ts';
import { startWatchdog } from '../../../src/projections/alerts/watchdog.ts';
import { answering, startReceiver } from '../../support/channels/receiver.ts';
import { World } from './world.ts';

let world: World;
let late = 0;
let watchdog: ReturnType<typeof startWatchdog>;

const open = () =>
  startWatchdog({
    log: world.log,
    behind: async () => late,
    clock: world.clock,
    onError: (error) => void world.faults.push(error),
    everyMs: 5,
  });

beforeEach(() => {
  world = new World();
  late = 0;
  watchdog = open();
});
afterEach(() => watchdog.stop());

const steps = (...expected: string[]) =>
  vi.waitFor(async () => expect(await world.stepsOf()).toEqual(expected), { timeout: 5_000 });

describe('the watchdog of the alert processor', () => {
  it('fires when decisions are late, gets worse with it, and resolves after', async () => {
    late = 31_000;
    await steps('1 AlertFired');
    const [fired] = await world.recorded('AlertFired');
    expect(fired).toMatchObject({
      project: 'default',
      service: 'chronoscope',
      data: {
        rule: 'alert-processor-behind',
        severity: 'warning',
        labels: { service: 'chronoscope' },
        evidence: { value: 31_000, figures: { behindMs: 31_000 } },
      },
    });
    late = 121_000;
    await steps('1 AlertFired', '2 AlertSeverityChanged');
    late = 20;
    await steps('1 AlertFired', '2 AlertSeverityChanged', '3 AlertRecoveryBegan');
    world.now += 31_000;
    await steps('1 AlertFired', '2 AlertSeverityChanged', '3 AlertRecoveryBegan', '4 AlertResolved');
  });

  it('goes on after a restart with what it has told, and tells it once', async () => {
    late = 60_000;
    await steps('1 AlertFired');
    await watchdog.stop();
    world.now += 10_000;
    watchdog = open();
    late = 0;
    await steps('1 AlertFired', '2 AlertRecoveryBegan');
    world.now += 31_000;
    await steps('1 AlertFired', '2 AlertRecoveryBegan', '3 AlertResolved');
    late = 60_000;
    await steps('1 AlertFired', '2 AlertRecoveryBegan', '3 AlertResolved', '1 AlertFired');
  });

  it('tells it once the log takes it', async () => {
    world.refuses = true;
    late = 60_000;
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(2));
    world.refuses = false;
    await steps('1 AlertFired');
  });
});

describe('a decider that is stuck', () => {
  it('is told of by the watchdog, and by a heartbeat that is silent', async () => {
    await watchdog.stop();
    const receiver = await startReceiver(answering(200));
    await world.useRules('rules: []');
    const decider = await world.openDecider();
    decider.start();
    let asked = 0;
    const heart = createHeartbeat({
      url: receiver.url,
      everyMs: 10,
      alive: () => {
        asked++;
        return decider.lateMs() < 60_000;
      },
      state: () => ({ alive: true, lateMs: decider.lateMs(), firing: 0 }),
      version: '1.2.3',
      onFault: (reason) => void world.faults.push(reason),
    });
    watchdog = startWatchdog({
      log: world.memory,
      behind: decider.behind,
      clock: world.clock,
      onError: (error) => void world.faults.push(error),
      everyMs: 5,
    });
    await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThan(1));
    // The past cannot be read, and so the windows of the new rules not be filled.
    await world.requests(1, 'success');
    await vi.waitFor(async () => expect((await decider.standing()).lagEvents).toBe(0));
    world.unreadable = Number.POSITIVE_INFINITY;
    const rule = '{ name: a, measure: requests, by: [service], window: 1m, critical: { above: 1 } }';
    await world.useRules(`rules: [${rule}]`, 2);
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(0));
    world.now += 130_000;
    await steps('1 AlertFired');
    expect((await world.recorded('AlertFired'))[0]?.data).toMatchObject({ severity: 'critical' });
    expect(decider.lateMs()).toBeGreaterThan(60_000);
    const [beats, before] = [receiver.received.length, asked];
    await vi.waitFor(() => expect(asked).toBeGreaterThan(before + 3));
    expect(receiver.received).toHaveLength(beats);
    await heart.close();
    world.unreadable = 0;
    await vi.waitFor(async () => expect(await world.stepsOf()).toContain('2 AlertRecoveryBegan'), {
      timeout: 8_000,
    });
    await decider.stop();
  }, 15_000);
});
