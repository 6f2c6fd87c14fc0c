import { reachOf } from '../processor/plan.ts';
import type { RuleSet } from '../rule.ts';
import type { Gaps } from './result.ts';

/** What the log cannot tell, so that nobody takes silence for health. */

const silentMs = 300_000;
const mostSilent = 100;

export class Silences {
  readonly list: { from: number; to: number }[] = [];
  more = 0;
  #heardAt: number;

  constructor(from: number) {
    this.#heardAt = from;
  }

  heard(at: number): void {
    if (at - this.#heardAt > silentMs) this.#note(at);
    if (at > this.#heardAt) this.#heardAt = at;
  }

  #note(to: number): void {
    if (this.list.length < mostSilent) this.list.push({ from: this.#heardAt, to });
    else this.more++;
  }
}

/** Windows that reach back behind the begin of the log are not whole. */
export function untrusted(
  { rules }: RuleSet,
  { from, to }: { from: number; to: number },
  logBegins: number | undefined,
): Pick<Gaps, 'logBegins' | 'untrusted'> {
  if (logBegins === undefined) return { untrusted: [] };
  const found = rules.flatMap((rule) => {
    const until = logBegins + reachOf(rule);
    return until > from ? [{ rule: rule.name, until: Math.min(until, to) }] : [];
  });
  return found.length === 0 ? { untrusted: [] } : { logBegins, untrusted: found };
}
