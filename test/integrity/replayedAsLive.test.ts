import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { Replay } from '../../src/domain/alerts/backtest/replay.ts';
import { rulesStream } from '../../src/domain/alerts/identity.ts';
import type { Decision } from '../../src/domain/alerts/processor/decision.ts';
import { readRules } from '../../src/domain/alerts/rules/read.ts';
import type { NewEvent, RecordedEvent } from '../../src/domain/events/envelope.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { openDecider } from '../../src/projections/alerts/decider.ts';
import { event } from '../support/events.ts';

/** What the engine decided while it ran, and what a replay of its log decides. */

const second = 1_000;
const start = Date.UTC(2026, 10, 24, 3);
const text = `
rules:
  - name: error-rate
    measure: error_rate
    by: [service]
    window: 30s
    every: 1s
    warning: { above: 20%, for: 5s }
    critical: { above: 50%, for: 0s }
    keepFiringFor: 5s
    minimumVolume: 5
    noData: resolve
    title: "{{service}} fails"
  - name: slow
    measure: latency p95
    by: [service, operation]
    window: 30s
    every: 1s
    warning: { above: 1s, for: 0s }
    title: "{{operation}} is slow"
`;

/** Two services whose events come up to three seconds late; one fails for a while and goes silent, the other fails at the end. */
function traffic(): { at: number; events: NewEvent[] }[] {
  return Array.from({ length: 120 }, (_, tick) => {
    const at = start + tick * second;
    const bad = tick >= 40 && tick < 70;
    const requests = (service: string, failing: boolean) =>
      [0, 1, 2].map((n) =>
        event('RequestCompleted', {
          service,
          occurredAt: at - ((tick * 7 + n * 911) % 3_000),
          data: { status: failing && n > 0 ? 'error' : 'success', durationMs: failing ? 3_000 : 20 },
        }),
      );
    const bot = tick < 80 ? requests('bot', bad) : [];
    return { at, events: [...bot, ...requests('worker', tick >= 100)] };
  });
}

describe('a replay of the log', () => {
  it('decides byte for byte what the engine decided while it ran, the passing of time included', async () => {
    let now = start;
    const clock = () => now;
    const log = createMemoryLog({ clock });
    const read = readRules(text);
    if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
    const { ruleSet, versions } = read;
    const rules = event('RulesChanged', {
      occurredAt: start,
      data: { revision: 1, source: 'api', by: 'someone', text, versions },
    });
    await log.append([{ stream: rulesStream, events: [rules], expected: 'none' }]);
    const decider = await openDecider({
      log,
      snapshots: { load: async () => undefined, save: async () => undefined },
      clock,
      stopwatch: () => performance.now(),
      newId: createUuidV7Factory({ now: clock, randomBytes }),
      observer: {
        decided: () => undefined,
        failed: (error) => {
          throw error;
        },
        recalled: () => undefined,
      },
    });
    decider.start();
    const caughtUp = () => expect.poll(async () => (await decider.standing()).lagEvents).toBe(0);
    for (const { at, events } of traffic()) {
      now = at;
      await log.append([{ stream: 'telemetry', events, expected: 'any' }]);
    }
    await caughtUp();
    // Nothing comes any more, and what is due is decided by the clock alone.
    const last = async () => {
      now += 2 * second;
      return (await recorded('AlertDataLost')).length;
    };
    await expect.poll(last, { timeout: 20_000 }).toBe(1);
    expect((await recorded('ClockAdvanced')).length).toBeGreaterThan(1);
    await caughtUp();
    await decider.stop();

    async function recorded(type: string): Promise<RecordedEvent[]> {
      const found: RecordedEvent[] = [];
      for await (const { events } of log.read())
        found.push(...events.filter((one) => one.type.startsWith(type)));
      return found;
    }
    async function replayed(clockOf: 'recorded' | 'passing'): Promise<Decision[]> {
      const decisions: Decision[] = [];
      const decided = (decision: Decision) => decisions.push(decision);
      const about = { project: 'default', ruleSet, from: start, channels: [] };
      const replay = new Replay({ ...about, clock: clockOf, decided });
      for await (const { events } of log.read()) for (const one of events) replay.observe(one);
      replay.end(now);
      return decisions;
    }
    const live = await recorded('Alert');
    expect(live.map(({ type }) => type)).toContain('AlertSeverityChanged');
    const whole = (stream: string, { id, type, occurredAt, data }: NewEvent) =>
      JSON.stringify([stream, id, type, occurredAt, data]);
    const expected = live.map((one) => whole(one.stream, one));
    const found = async (clockOf: 'recorded' | 'passing') =>
      (await replayed(clockOf)).map(({ stream, event: one }) => whole(stream, one));
    expect(await found('recorded')).toEqual(expected);
    // Without what the engine recorded of the passing of time, it comes to the same here: nothing was under way.
    expect(await found('passing')).toEqual(expected);
  }, 60_000);
});
