import { createMemoryLog } from '../../../src/adapters/memory/eventLog.ts';
import { idFrom, rulesStream } from '../../../src/domain/alerts/identity.ts';
import { eventOf } from '../../../src/domain/alerts/processor/decision.ts';
import { readRules } from '../../../src/domain/alerts/rules/read.ts';
import type { NewEvent, RecordedEvent } from '../../../src/domain/events/envelope.ts';
import { openDecider } from '../../../src/projections/alerts/decider.ts';
import type { SnapshotStore } from '../../../src/projections/alerts/ports.ts';
import { type EventLog, LogUnavailableError } from '../../../src/projections/ports.ts';
import { event } from '../../support/events.ts';
import { readAll } from '../../support/ingest.ts';

const begin = Date.UTC(2026, 10, 25);

export const failingRule = `rules:
  - name: failing
    measure: error_rate
    by: [service]
    window: 10s
    every: 1s
    critical: { above: 50%, for: 0s }
    noData: resolve
    minimumVolume: 1
`;

/** A log in memory, a clock that only the test moves, and what a follower of the log stands on. */
export class World {
  now = begin;
  readonly faults: unknown[] = [];
  readonly saved: string[] = [];
  recalled = 0;
  /** Appends of what was decided fail while this is set. */
  refuses = false;
  /** Reads of the past fail so often from now on. */
  unreadable = 0;
  snapshotsFail = false;
  readonly memory = createMemoryLog({ clock: () => this.now });
  readonly clock = (): number => this.now;
  #made = 0;

  readonly newId = (): string => idFrom(`made ${++this.#made}`);

  /** The log as the one under test sees it. */
  readonly log: EventLog = {
    ...this.memory,
    append: async (appends) => {
      if (this.refuses) throw new LogUnavailableError('disk_full', 'no room');
      return await this.memory.append(appends);
    },
    readByTime: (range) => {
      if (this.unreadable-- > 0) throw new LogUnavailableError('failed', 'not readable now');
      return this.memory.readByTime(range);
    },
  };

  readonly snapshots: SnapshotStore = {
    load: async () => this.saved.at(-1),
    save: async (text) => {
      if (this.snapshotsFail) throw new Error('no room for a snapshot');
      this.saved.push(text);
    },
  };

  openDecider(snapshots = this.snapshots, stopwatch = this.clock) {
    return openDecider({
      log: this.log,
      snapshots,
      clock: this.clock,
      stopwatch,
      newId: this.newId,
      observer: {
        decided: () => undefined,
        failed: (error) => void this.faults.push(error),
        recalled: (events) => {
          this.recalled = events;
        },
      },
    });
  }

  async append(events: readonly NewEvent[], stream = 'telemetry'): Promise<void> {
    await this.memory.append([{ stream, events, expected: 'any' }]);
  }

  async useRules(text: string, revision = 1): Promise<void> {
    const read = readRules(text);
    if (read.kind === 'refused') throw new Error(JSON.stringify(read.faults));
    const data = { revision, source: 'api' as const, by: 'ann', text, versions: { ...read.versions } };
    const about = { id: this.newId(), at: this.now, project: 'default' };
    await this.append([eventOf('RulesChanged', data, about)], rulesStream);
  }

  /** One request a second, from now on. */
  async requests(seconds: number, status: 'error' | 'success', project = 'default'): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.now += 1_000;
      await this.append([event('RequestCompleted', { occurredAt: this.now, project, data: { status } })]);
    }
  }

  async recorded(...types: string[]): Promise<RecordedEvent[]> {
    return (await readAll(this.memory)).filter(({ type }) => types.includes(type));
  }

  async stepsOf(): Promise<string[]> {
    const events = await readAll(this.memory);
    return events.flatMap(({ type, data }) =>
      type.startsWith('Alert') && 'number' in data ? [`${data.number} ${type}`] : [],
    );
  }
}
