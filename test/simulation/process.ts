import type { Random } from '../../src/domain/simulation/random.ts';
import { LogUnavailableError } from '../../src/projections/ports.ts';
import type { VirtualTime } from './virtualTime.ts';

/** What all processes of a world share. */
export interface Surroundings {
  time: VirtualTime;
  random: Random;
  /** How much goes wrong, from 0 on. */
  trouble: { level: number };
  note: (line: string) => void;
}

const never = new Promise<never>(() => undefined);
const answerTimeoutMs = 2_000;
/** A group takes a process for lost that it has not heard of for so long. */
const sessionMs = 3_000;

/**
 * One process, as its ports show it: what they do takes time, may fail, may have been done all the same, and goes no
 * further once the process is dead. One that is cut off lives on and reaches nothing.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly skewMs: number;
  isDead = false;
  isCut = false;
  onLost: () => void = () => undefined;
  onHealed: () => void = () => undefined;
  readonly #around: Surroundings;

  constructor(name: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    const { random } = around;
    this.skewMs = random.chance(0.5) ? 0 : Math.round(random.between(-5_000, 5_000));
  }

  clock = (): number => this.#around.time.now + this.skewMs;

  kill(): void {
    this.isDead = true;
    this.#loseLater();
  }

  cut(): void {
    this.isCut = true;
    this.#loseLater();
  }

  heal(): void {
    if (!this.isCut) return;
    this.isCut = false;
    this.onHealed();
  }

  #loseLater(): void {
    this.#around.time.set(() => {
      if (this.isDead || this.isCut) this.onLost();
    }, sessionMs);
  }

  async delay(): Promise<void> {
    const { time, random, trouble } = this.#around;
    const isSlow = random.chance(0.02 * trouble.level);
    await time.sleep(isSlow ? random.between(100, 3_000) : random.between(0, 12));
    if (this.isDead) await never;
  }

  /** The way to others and back; `work` goes on whatever becomes of the process. */
  async call<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { random, trouble, note } = this.#around;
    await this.delay();
    if (this.isCut) await this.#unanswered(what);
    if (random.chance(0.01 * trouble.level)) throw away(what);
    note(`${this.name} ${what}`);
    const done = work();
    done.catch(() => undefined);
    const isLost = random.chance(0.015 * trouble.level);
    const answer = await done;
    await this.delay();
    if (this.isCut || isLost) await this.#unanswered(what);
    return answer;
  }

  async #unanswered(what: string): Promise<never> {
    await this.#around.time.sleep(answerTimeoutMs);
    if (this.isDead) await never;
    throw away(what);
  }

  /** What is read part by part comes late, or no further. */
  async *parts<T>(what: string, parts: AsyncIterable<T>): AsyncGenerator<T> {
    const { random, trouble } = this.#around;
    for await (const part of parts) {
      await this.delay();
      if (this.isCut || random.chance(0.01 * trouble.level)) await this.#unanswered(what);
      yield part;
    }
    if (this.isDead) await never;
  }

  async reachable(): Promise<void> {
    while (this.isCut) await this.#around.time.sleep(200);
    if (this.isDead) await never;
  }
}

const away = (what: string): Error => new LogUnavailableError('unreachable', `no answer to ${what}`);
