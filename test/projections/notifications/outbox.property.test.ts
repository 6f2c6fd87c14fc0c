import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryForMs } from '../../../src/domain/alerts/outbox/retry.ts';
import type { Delivery } from '../../../src/projections/notifications/ports.ts';
import { LogUnavailableError } from '../../../src/projections/ports.ts';
import { never, no, World, yes } from './world.ts';

const deliveries: fc.Arbitrary<Delivery | 'hangs'> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(yes) },
  { weight: 4, arbitrary: fc.constant(no) },
  { weight: 1, arbitrary: fc.constant<Delivery>({ kind: 'refused', reason: 'HTTP 400', permanent: true }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0, max: 90_000 })
      .map((retryAfterMs): Delivery => ({ kind: 'refused', reason: '429', permanent: false, retryAfterMs })),
  },
  { weight: 1, arbitrary: fc.constant<'hangs'>('hangs') },
);

/** What goes wrong at which append. */
const faults = fc.record({
  gap: fc.integer({ min: 0, max: 12 }),
  kind: fc.constantFrom('killed before', 'killed after', 'log away'),
  fromSnapshot: fc.boolean(),
});

const wanted = fc.record({
  at: fc.integer({ min: 0, max: 20_000 }),
  channel: fc.constantFrom('slack', 'mail', 'pager'),
  group: fc.constantFrom('g1', 'g2', 'g3', 'g4'),
  severity: fc.constantFrom('info' as const, 'warning' as const, 'critical' as const),
  state: fc.constantFrom('firing' as const, 'resolved' as const),
});

type Fault = { gap: number; kind: string; fromSnapshot: boolean };

/** Lets the faults happen at their appends; the dead process is followed by another. */
function afflict(world: World, planned: readonly Fault[]): { restart: () => Promise<void> } {
  const left = [...planned];
  let appends = 0;
  let dead: Fault | undefined;
  let snapshot = world.snapshot();
  world.onAppend = async (_, append) => {
    const [fault] = left;
    if (fault === undefined || appends++ < fault.gap) return append();
    appends = 0;
    left.shift();
    if (fault.kind === 'log away') throw new LogUnavailableError('unreachable', 'away');
    if (fault.kind === 'killed after') await append();
    dead = fault;
    world.kill();
    return never;
  };
  return {
    restart: async () => {
      if (dead === undefined) {
        snapshot = world.snapshot() ?? snapshot;
        return;
      }
      const { fromSnapshot } = dead;
      dead = undefined;
      await world.begin(fromSnapshot ? snapshot : undefined);
    },
  };
}

describe('whatever goes wrong', () => {
  it('every notification comes to one end, and none is sent after its delivery was recorded', {
    timeout: 120_000,
  }, async () => {
    const runs = Number(process.env.OUTBOX_RUNS ?? 300);
    const scene = fc.record({
      requests: fc.array(wanted, { minLength: 1, maxLength: 14 }),
      answers: fc.array(deliveries, { maxLength: 40 }),
      planned: fc.array(faults, { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ requests, answers: drawn, planned }) => {
        const answers = [...drawn];
        const world = new World();
        const ended = new Set<string>();
        const underWay = new Map<string, number>();
        const wrong: string[] = [];
        world.answer = async ({ channel, message, signal }) => {
          for (const { type, data } of await world.events()) {
            if (type === 'NotificationDelivered') ended.add(data.notification);
          }
          if (ended.has(message.id)) wrong.push(`${message.id} sent again`);
          const life = world.outbox;
          const busy = (underWay.get(channel) ?? 0) + 1;
          underWay.set(channel, busy);
          if (busy > 1) wrong.push(`${channel} has two under way`);
          signal.addEventListener('abort', () => underWay.set(channel, 0));
          const answer = answers.shift() ?? yes;
          if (answer === 'hangs') return never;
          if (life === world.outbox) underWay.set(channel, 0);
          return answer;
        };
        await world.begin();
        const { restart } = afflict(world, planned);
        const step = async (ms: number) => {
          await world.pass(ms);
          if (world.outbox === undefined) underWay.clear();
          await restart();
        };
        const ordered = [...requests].sort((a, b) => a.at - b.at);
        for (const [i, one] of ordered.entries()) {
          await step(Math.max(0, one.at + 1_000_000 - world.now));
          await world.request(`n${i}`, one);
        }
        for (let i = 0; i < 12; i++) await step(90_000);
        await step(retryForMs);
        await step(retryForMs);
        expect(wrong).toEqual([]);
        const attempts = (await world.events()).filter(({ type }) => type === 'NotificationAttempted');
        expect(world.sends.length).toBeLessThanOrEqual(attempts.length);
        for (const i of ordered.keys()) {
          const told = await world.events();
          const ends = told.filter(
            ({ type, data }) =>
              'notification' in data &&
              data.notification === `n${i}` &&
              (type === 'NotificationDelivered' || (type === 'NotificationRefused' && !('retryAt' in data))),
          );
          expect(ends, JSON.stringify(await world.story(`n${i}`))).toHaveLength(1);
        }
        expect(world.outbox?.backlog()).toEqual([]);
      }),
      { numRuns: runs },
    );
  });
});
