import { embeddedLayout } from '../../src/domain/storeLayout.ts';
import {
  type Checkpoint,
  type CheckpointStore,
  CheckpointTakenError,
  type ReadStore,
  type RowBatch,
} from '../../src/projections/ports.ts';
import type { SimulatedProcess, Surroundings } from './process.ts';

interface Kept {
  revision: number;
  checkpoint: Checkpoint | undefined;
}

/** A stand-in for checkpoints that all processes reach, each of which writes against what it has seen. */
export class SharedCheckpoints {
  readonly #kept = new Map<string, Kept>();

  of(process: SimulatedProcess): CheckpointStore {
    const seen = new Map<string, number | 'taken'>();
    const last = new Map<string, Promise<unknown>>();
    const inTurn = <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const result = (last.get(name) ?? Promise.resolve()).catch(() => undefined).then(work);
      last.set(name, result);
      return result;
    };
    const keptOf = (name: string): Kept => this.#kept.get(name) ?? { revision: -1, checkpoint: undefined };
    return {
      load: (name) =>
        inTurn(name, async () => {
          const { revision, checkpoint } = await process.call(`load ${name}`, async () => keptOf(name));
          seen.set(name, revision);
          return structuredClone(checkpoint);
        }),
      save: (name, checkpoint) => {
        const copy = structuredClone(checkpoint);
        return inTurn(name, async () => {
          const expected = seen.get(name) ?? -1;
          if (expected === 'taken') throw new CheckpointTakenError(name);
          const saved = await process.call(`save ${name} ${JSON.stringify(copy)}`, async () => {
            if (keptOf(name).revision !== expected) return false;
            this.#kept.set(name, { revision: expected + 1, checkpoint: copy });
            return true;
          });
          seen.set(name, saved ? expected + 1 : 'taken');
          if (!saved) throw new CheckpointTakenError(name);
        });
      },
      remove: async () => undefined,
      list: async () => [...this.#kept.keys()].sort(),
    };
  }
}

export interface Landed {
  token: string;
  rows: Uint8Array;
}

/** A stand-in for a server that knows an insert again by its token, however late it lands. */
export class SharedReadStore {
  /** By table, in the order in which they landed. */
  readonly landed = new Map<string, Landed[]>();
  readonly faults: string[] = [];
  readonly #tokens = new Map<string, string>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  of(process: SimulatedProcess): ReadStore {
    const insert = (batch: RowBatch) => process.call(`insert ${batch.token}`, () => this.#insert(batch));
    return {
      layout: embeddedLayout,
      insert,
      repeat: insert,
      command: async () => undefined,
      query: async () => [],
      ping: async () => undefined,
      close: async () => undefined,
    };
  }

  /** One that its client has given up may land long after that. */
  async #insert(batch: RowBatch): Promise<void> {
    const { time, random, trouble, note } = this.#around;
    const isLate = random.chance(0.05 * trouble.level);
    await time.sleep(isLate ? random.between(500, 9_000) : random.between(1, 40));
    const rows = Buffer.from(batch.rows).toString('hex');
    const before = this.#tokens.get(batch.token);
    note(`${before === undefined ? 'landed' : 'known'} ${batch.token}`);
    if (before !== undefined) {
      if (before !== rows) this.faults.push(`other rows came with the token ${batch.token}`);
      return;
    }
    this.#tokens.set(batch.token, rows);
    const landed = this.landed.get(batch.table) ?? [];
    landed.push({ token: batch.token, rows: batch.rows });
    this.landed.set(batch.table, landed);
  }
}
