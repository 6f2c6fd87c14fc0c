import type { RecordedEvent } from '../../events/envelope.ts';
import type { Decision } from '../processor/decision.ts';
import { isStep, type RecordedStep } from '../processor/judged.ts';
import { rankOf } from '../rule.ts';
import type { BacktestEpisode, BacktestTransition } from './result.ts';

/** Keeps what was decided, without the evidence, which would fill the memory. */

const mostTransitions = 10_000;
const mostEpisodes = 50_000;

interface Open {
  startedAt: number;
  openAtStart: boolean;
  transitions: number;
  fired: BacktestEpisode | undefined;
}

export class Episodes {
  readonly #from: number;
  readonly #startsWithin: (rule: string) => number;
  readonly #open = new Map<string, Open>();
  readonly list: BacktestEpisode[] = [];
  readonly transitions: BacktestTransition[] = [];
  moreEpisodes = 0;
  moreTransitions = 0;

  /** Whose condition holds within so long after the begin may have held before. */
  constructor(from: number, startsWithin: (rule: string) => number) {
    this.#from = from;
    this.#startsWithin = startsWithin;
  }

  take({ event }: Decision): void {
    // It has no place in a log, which is all that it lacks.
    if (isStep(event as RecordedEvent)) this.#step(event as RecordedStep);
  }

  #step(step: RecordedStep): void {
    const transition = transitionOf(step);
    if (this.transitions.length < mostTransitions) this.transitions.push(transition);
    else this.moreTransitions++;
    const open = this.#open.get(transition.episode) ?? this.#begin(transition);
    open.transitions++;
    if (step.type === 'AlertFired') this.#fire(step, open);
    const { fired } = open;
    if (fired !== undefined) {
      fired.transitions = open.transitions;
      const { severity } = transition;
      if (severity !== undefined && rankOf(severity) > rankOf(fired.severity)) fired.severity = severity;
    }
    if (step.type !== 'AlertResolved' && step.type !== 'AlertDismissed') return;
    this.#open.delete(transition.episode);
    if (fired === undefined) return;
    fired.resolvedAt = step.data.at;
    fired.openAtEnd = false;
  }

  #begin({ at, episode, rule }: BacktestTransition): Open {
    const openAtStart = at - this.#from <= this.#startsWithin(rule);
    const fresh = { startedAt: at, openAtStart, transitions: 0, fired: undefined };
    this.#open.set(episode, fresh);
    return fresh;
  }

  #fire({ data }: RecordedEvent<'AlertFired'>, open: Open): void {
    const { episode: id, rule, labels, severity, at, activeSince, evidence } = data;
    const { value, threshold } = evidence;
    open.fired = {
      id,
      rule,
      labels,
      severity,
      startedAt: Math.min(activeSince, open.startedAt),
      firedAt: at,
      openAtStart: open.openAtStart,
      openAtEnd: true,
      ...(value !== undefined && { value }),
      ...(threshold !== undefined && { threshold }),
      transitions: 0,
    };
    if (this.list.length < mostEpisodes) this.list.push(open.fired);
    else this.moreEpisodes++;
  }
}

function transitionOf({ type, data }: RecordedStep): BacktestTransition {
  const { at, episode, rule, labels } = data;
  const value = data.evidence?.value;
  return {
    at,
    type,
    episode,
    rule,
    labels,
    ...('severity' in data && { severity: data.severity }),
    ...(value !== undefined && { value }),
    ...('cause' in data && { cause: data.cause }),
  };
}
