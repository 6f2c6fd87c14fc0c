import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alertStream, episodeCommandsStream } from '../../../src/domain/alerts/identity.ts';
import { eventOf } from '../../../src/domain/alerts/processor/decision.ts';
import { type Notifier, openNotifier } from '../../../src/projections/notifications/notifier.ts';
import type { Channel, Message } from '../../../src/projections/notifications/ports.ts';
import { script } from '../../support/alertScript.ts';
import { event } from '../../support/events.ts';
import { World } from '../alerts/world.ts';

const rules = `rules: []
routes:
  - name: all
    groupWait: 2s
    groupInterval: 10s
    repeatInterval: 1m
`;

let world: World;
let notifier: Notifier;
let sent: Message[];
let telling: Notifier[];

async function open(): Promise<void> {
  const channel: Channel = {
    name: 'hook',
    send: async (message) => {
      sent.push(message);
      return { kind: 'delivered' };
    },
    close: async () => {},
  };
  notifier = await openNotifier({
    log: world.log,
    snapshots: world.snapshots,
    channels: [channel],
    clock: world.clock,
    stopwatch: world.clock,
    redact: (text) => text,
    observer: {
      failed: (error) => void world.faults.push(error),
      delivered: () => undefined,
      refused: () => undefined,
    },
  });
  telling.push(notifier);
  notifier.start();
}

beforeEach(async () => {
  world = new World();
  [sent, telling] = [[], []];
  await world.useRules(rules);
  await open();
  await caughtUp();
});
afterEach(async () => {
  await Promise.all(telling.map((one) => one.stop()));
});

const caughtUp = () =>
  vi.waitFor(async () => expect((await notifier.standing()).lagEvents).toBe(0), { timeout: 5_000 });
const told = (...expected: string[]) =>
  vi.waitFor(() => expect(sent.map(({ request }) => request.reason)).toEqual(expected), { timeout: 5_000 });

const labels = { service: 'bot' };
const streamOf = (rule: string) => alertStream('default', rule, labels);

async function fires(rule = 'errors') {
  const alert = script(rule, world.now, { labels });
  await world.append([{ ...alert.fired(world.now), project: 'default' }], streamOf(rule));
  return alert;
}

describe('the notifier', () => {
  it('tells what has waited for its group, though nothing happens meanwhile', async () => {
    await fires();
    await caughtUp();
    expect(sent).toEqual([]);
    world.now += 2_100;
    await told('fired');
  });

  it('repeats it when it is time, though nothing happens meanwhile, and not once it is acknowledged', async () => {
    const { id } = await fires();
    world.now += 2_100;
    await told('fired');
    await caughtUp();
    world.now += 61_000;
    await told('fired', 'repeated');
    const about = { id: world.newId(), at: world.now, project: 'default' };
    const acknowledged = eventOf('AlertAcknowledged', { episode: id, by: 'ann' }, about);
    await world.append([acknowledged], episodeCommandsStream(id));
    await caughtUp();
    world.now += 61_000;
    await fires('other');
    world.now += 2_100;
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[2]?.request.reason).toBe('fired');
  });

  it('loses nothing while the log takes nothing, and tells it once', async () => {
    world.refuses = true;
    await fires();
    world.now += 2_100;
    await vi.waitFor(() => expect(world.faults.length).toBeGreaterThan(0));
    expect((await notifier.standing()).error).toBe('no room');
    world.refuses = false;
    world.now += 1_000;
    await told('fired');
    await caughtUp();
    await vi.waitFor(async () => expect((await notifier.standing()).error).toBeUndefined());
    expect(await world.recorded('NotificationRequested')).toHaveLength(1);
  });

  it('begins to speak under load as well, when the end of the log is further on whenever it looks', async () => {
    const other = await fires('before');
    await notifier.stop();
    const { head } = world.memory;
    // Each look finds a head that nobody has been shown yet.
    const seen = vi.spyOn(world.log, 'head').mockImplementation(async () => {
      await world.append([event('LogWritten', { occurredAt: world.now })]);
      return head();
    });
    await open();
    world.now += 2_100;
    await vi.waitFor(
      () => expect(sent.map(({ request }) => request.alerts[0]?.episode)).toEqual([other.id]),
      {
        timeout: 5_000,
      },
    );
    seen.mockRestore();
  });

  it('tells nothing of what has come and gone before it looked', async () => {
    await caughtUp();
    await notifier.stop();
    const gone = await fires('gone');
    await world.append([{ ...gone.resolved(world.now), project: 'default' }], streamOf('gone'));
    await fires('here');
    world.now += 60_000;
    await open();
    await told('fired');
    expect(sent[0]?.request.alerts.map(({ rule }) => rule)).toEqual(['here']);
  });

  it.each(['', 'null', '{"format":1,"position":"999999"}'])(
    'takes a snapshot that says %j for none, reads the log, and repeats nothing',
    async (text) => {
      await fires();
      world.now += 2_100;
      await told('fired');
      await caughtUp();
      await notifier.stop();
      world.saved.push(text);
      await open();
      await caughtUp();
      await fires('other');
      world.now += 12_000;
      await told('fired', 'fired');
      expect(sent[1]?.request.alerts.map(({ rule }) => rule)).toContain('other');
    },
  );

  it('waits while history comes in, for what fires in it may end in it too', async () => {
    const hourAgo = world.now - 3_600_000;
    const alert = script('errors', hourAgo, { labels });
    await world.append([{ ...alert.fired(hourAgo), project: 'default' }], streamOf('errors'));
    await caughtUp();
    world.now += 5_000;
    await world.append([{ ...alert.resolved(hourAgo + 60_000), project: 'default' }], streamOf('errors'));
    await fires('slow');
    await caughtUp();
    world.now += 10_100;
    await told('fired');
    expect(sent[0]?.request.alerts.map(({ rule }) => rule)).toEqual(['slow']);
  });

  it('tells of a group that was told of so long ago that the log has forgotten it, also without a snapshot', async () => {
    const before = await fires();
    world.now += 2_100;
    await told('fired');
    await world.append([{ ...before.resolved(world.now), project: 'default' }], streamOf('errors'));
    world.now += 12_000;
    await told('fired', 'resolved');
    await caughtUp();
    await notifier.stop();
    world.now += 400 * 86_400_000;
    await world.memory.expire({ before: world.now, keep: ({ type }) => type === 'RulesChanged' });
    world.saved.push('');
    await fires();
    await open();
    world.now += 2_100;
    await told('fired', 'resolved', 'fired');
    await caughtUp();
    world.now += 5_000;
    await notifier.stop();
    expect(await world.recorded('NotificationRequested')).toHaveLength(1);
  });

  it('says what holds back each of thousands of alerts without looking at all for each', async () => {
    const looks = vi.spyOn(notifier.planner, 'episodes');
    const alerts = [];
    for (let number = 0; number < 50; number++) alerts.push(await fires(`rule-${number}`));
    await caughtUp();
    looks.mockClear();
    for (const { id } of alerts) expect(notifier.flagsOf(id)).toMatchObject({ silencedBy: [] });
    expect(looks).toHaveBeenCalledTimes(1);
    await fires('one-more');
    await vi.waitFor(() => expect(notifier.firing()).toHaveLength(51));
  });
});
