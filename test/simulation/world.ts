import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { createMemoryLaneTopic } from '../../src/adapters/memory/laneTopic.ts';
import { compareNumbered } from '../../src/adapters/numberedFeed.ts';
import { drawUuid, type Random } from '../../src/domain/simulation/random.ts';
import { openDecider } from '../../src/projections/alerts/decider.ts';
import { createRelay } from '../../src/projections/lanes/relay.ts';
import { createLaneRunner } from '../../src/projections/lanes/runner.ts';
import { defaultLaneSettings } from '../../src/projections/lanes/settings.ts';
import { createRemoteStandings } from '../../src/projections/lanes/standings.ts';
import type { EventLog } from '../../src/projections/ports.ts';
import type { Projection } from '../../src/projections/projection.ts';
import type { Standings } from '../../src/projections/standings.ts';
import { groupOf, logOf, type Topic, writerOf } from './ports.ts';
import { SimulatedProcess, type Surroundings } from './process.ts';
import { SharedCheckpoints, SharedReadStore } from './stores.ts';

export type Role = 'relay' | 'project' | 'alert' | 'read';

export interface Running {
  role: Role;
  process: SimulatedProcess;
  stop: () => Promise<void>;
  standings: Standings | undefined;
}

export interface WorldOptions extends Surroundings {
  lanes: number;
  projections: readonly Projection[];
}

/** Several processes of each role around one log, one topic, one checkpoint store and one read store. */
export class World {
  readonly log: EventLog;
  readonly topic: Topic;
  readonly checkpoints = new SharedCheckpoints();
  readonly store: SharedReadStore;
  readonly running = new Set<Running>();
  readonly faults: string[] = [];
  readonly #options: WorldOptions;
  #snapshot: string | undefined;
  #count = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.log = createMemoryLog({ clock: () => options.time.now });
    this.topic = createMemoryLaneTopic({ lanes: options.lanes, compare: compareNumbered, partMessages: 20 });
    this.store = new SharedReadStore(options);
  }

  get random(): Random {
    return this.#options.random;
  }

  /** A process that cannot begin is tried again, like by whoever keeps processes up. */
  start(role: Role): void {
    const process = new SimulatedProcess(`${role}-${++this.#count}`, this.#options);
    const running: Running = { role, process, stop: async () => undefined, standings: undefined };
    this.running.add(running);
    this.#options.note(`start ${process.name}`);
    this.#begin(running).catch((error: unknown) => {
      this.#options.note(`${process.name} did not begin: ${String(error)}`);
      if (!this.running.has(running)) return;
      process.kill();
      this.running.delete(running);
      this.#options.time.set(() => this.start(role), 500);
    });
  }

  kill(running: Running, backInMs: number): void {
    this.#options.note(`kill ${running.process.name}`);
    running.process.kill();
    this.running.delete(running);
    this.#options.time.set(() => this.start(running.role), backInMs);
  }

  /** As an operator restarts one. */
  restart(running: Running): void {
    this.#options.note(`stop ${running.process.name}`);
    this.running.delete(running);
    void running.stop().then(() => running.process.kill());
    this.start(running.role);
  }

  async #begin(running: Running): Promise<void> {
    const { process, role } = running;
    const log = logOf(process, this.log);
    if (role === 'relay') this.#relay(running, log);
    else if (role === 'project') await this.#project(running, log);
    else if (role === 'alert') await this.#alert(running, log);
    else this.#read(running, log);
  }

  #relay(running: Running, log: EventLog): void {
    const { process } = running;
    const writer = writerOf(process, this.topic, this.#options);
    const observer = { relayed: () => undefined, failed: () => undefined };
    const relay = createRelay({ log, writer, clock: process.clock, observer });
    running.stop = () => relay.stop();
    relay.start();
  }

  async #project(running: Running, log: EventLog): Promise<void> {
    const { process } = running;
    const { projections, note } = this.#options;
    const runner = await createLaneRunner({
      group: groupOf(process, this.topic, this.#options),
      log,
      store: this.store.of(process),
      checkpoints: this.checkpoints.of(process),
      projections,
      settings: { ...defaultLaneSettings, maxBatchEvents: 12, busyEvents: 2 },
      clock: process.clock,
      deadLetters: this.topic.deadLetters,
      observer: {
        inserted: () => undefined,
        failed: (projection, error) => note(`${process.name} ${projection} failed: ${String(error)}`),
        unprojectable: ({ reason }) => this.faults.push(`unprojectable: ${reason}`),
        laneTaken: (lane) => note(`${process.name} lost lane ${lane} to another`),
        laneFailed: () => undefined,
        laneMoved: (lane, isOurs) => note(`${process.name} ${isOurs ? 'has' : 'has let go of'} lane ${lane}`),
        groupFailed: () => undefined,
      },
    });
    running.stop = () => runner.stop();
    running.standings = runner;
    await runner.start();
  }

  async #alert(running: Running, log: EventLog): Promise<void> {
    const { process } = running;
    const { time, random } = this.#options;
    const decider = await openDecider({
      log,
      snapshots: {
        load: () => process.call('load snapshot', async () => this.#snapshot),
        save: (text) =>
          process.call('save snapshot', async () => {
            this.#snapshot = text;
          }),
      },
      clock: process.clock,
      stopwatch: () => time.now,
      newId: () => drawUuid(random, time.now),
      observer: { decided: () => undefined, failed: () => undefined, recalled: () => undefined },
    });
    running.stop = () => decider.stop();
    decider.start();
  }

  #read(running: Running, log: EventLog): void {
    const { process } = running;
    const { projections, lanes } = this.#options;
    const checkpoints = this.checkpoints.of(process);
    const { clock } = process;
    running.standings = createRemoteStandings({ checkpoints, log, projections, lanes, clock });
  }
}
