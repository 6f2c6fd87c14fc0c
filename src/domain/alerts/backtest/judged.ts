import type { RecordedEvent } from '../../events/envelope.ts';
import type { Labels } from '../rule.ts';
import type { BacktestEpisode, Quality, VerdictName } from './result.ts';

/** What was found, held against what people said of the alerts that were recorded at the time. */

export interface Incident {
  id: string;
  rule: string;
  labels: Labels;
  from: number;
  to: number | undefined;
  verdict: VerdictName | undefined;
}

const mostIncidents = 20_000;

/** Alerts as the log has them. */
export class Incidents {
  readonly #all = new Map<string, Incident>();

  take(event: RecordedEvent): void {
    if (event.type === 'AlertFired') {
      const { episode: id, rule, labels, activeSince: from } = event.data;
      if (this.#all.size < mostIncidents)
        this.#all.set(id, { id, rule, labels, from, to: undefined, verdict: undefined });
    } else if (event.type === 'AlertResolved') {
      const known = this.#all.get(event.data.episode);
      if (known !== undefined) known.to = event.data.at;
    } else if (event.type === 'AlertJudged') this.judge(event.data.episode, event.data.verdict);
  }

  /** The last word counts. */
  judge(episode: string, verdict: VerdictName): void {
    const known = this.#all.get(episode);
    if (known !== undefined) known.verdict = verdict;
  }

  get ids(): string[] {
    return [...this.#all.keys()];
  }

  verdictOf(episode: string): VerdictName | undefined {
    return this.#all.get(episode)?.verdict;
  }

  within(from: number, to: number): Incident[] {
    return [...this.#all.values()].filter(
      (one) => one.verdict !== undefined && one.from < to && (one.to ?? to) >= from,
    );
  }
}

/** Undefined when nobody has judged anything. */
export function qualityOf(
  episodes: readonly BacktestEpisode[],
  incidents: readonly Incident[],
): Quality | undefined {
  if (incidents.length === 0) return undefined;
  const confirmed = incidents.filter(({ verdict }) => verdict === 'real');
  const meets = (episode: BacktestEpisode) => (one: Incident) => meet(episode, one);
  const judged = episodes.filter((episode) => incidents.some(meets(episode)));
  const right = judged.filter((episode) => confirmed.some(meets(episode)));
  const delays = confirmed.flatMap((incident) => {
    const first = episodes.filter((one) => meet(one, incident)).sort((a, b) => a.firedAt - b.firedAt)[0];
    if (first === undefined) return [];
    return [{ incident: incident.id, episode: first.id, delayMs: first.firedAt - incident.from }];
  });
  const medianDelayMs = medianOf(delays.map(({ delayMs }) => delayMs));
  return {
    confirmed: confirmed.length,
    found: delays.length,
    judged: judged.length,
    right: right.length,
    ...(judged.length > 0 && { precision: right.length / judged.length }),
    ...(confirmed.length > 0 && { recall: delays.length / confirmed.length }),
    ...(medianDelayMs !== undefined && { medianDelayMs }),
    delays,
  };
}

/** Those of a rule itself; one that nobody has judged yet is held against all. */
export function incidentsFor(rule: string, incidents: readonly Incident[]): readonly Incident[] {
  const own = incidents.filter((one) => one.rule === rule);
  return own.length > 0 ? own : incidents;
}

const meet = (episode: BacktestEpisode, { from, to, labels }: Incident): boolean =>
  episode.startedAt <= (to ?? Number.POSITIVE_INFINITY) &&
  (episode.resolvedAt ?? Number.POSITIVE_INFINITY) >= from &&
  Object.entries(labels).every(([name, value]) => (episode.labels[name] ?? value) === value);

function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
