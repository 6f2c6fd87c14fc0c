import type { RecordedEvent } from '../../events/envelope.ts';
import type { Policy } from '../rule.ts';
import { forget } from './forget.ts';
import { type Moment, momentOf } from './moment.ts';
import { observeAlert } from './observe.ts';
import { type PlannedNotification, planAt } from './plan.ts';
import { compileRouting, type Routing } from './routing.ts';
import { silenceReader } from './silences.ts';
import { emptyState, loadState, type PlannerState, type SavedPlanner, saveState } from './state.ts';
import { noteDelivered, noteRequested, noteWithheld } from './told.ts';
import { type EpisodeStanding, episodesAt, type SilenceStanding, silencesAt } from './views.ts';

/** Times looked ahead to before one is named at which there may turn out to be nothing. */
const mostSteps = 100;

/**
 * Who is told what, and when. It sees recorded events in the order of the log and answers what is to be recorded; only
 * seeing that come back changes what it answers. Until then the same is planned again under the same ids, of which the
 * log keeps one, so that a crash at any point neither loses nor doubles a notification.
 */
export class Planner {
  readonly #state: PlannerState;
  readonly #readSilences = silenceReader();
  #routing: Routing;

  /** `channels` are the names of those that there are; a route that names none goes to all of them. */
  constructor(policy: Policy, channels: readonly string[], state: PlannerState = emptyState()) {
    this.#state = state;
    this.#routing = compileRouting(policy, channels);
  }

  /** Undefined when `saved` is of another version, so that the log has to be read again. */
  static load(saved: unknown, policy: Policy, channels: readonly string[]): Planner | undefined {
    const state = loadState(saved);
    return state && new Planner(policy, channels, state);
  }

  /** Without the policy, which comes from the log as well. */
  save(): SavedPlanner {
    return saveState(this.#state);
  }

  setPolicy(policy: Policy, channels: readonly string[]): void {
    this.#routing = compileRouting(policy, channels);
  }

  get generation(): number {
    return this.#state.generation;
  }

  /** What begins a row that is not known gets another id than it had in that generation. */
  nameAnew(after: number): void {
    this.#state.generation = Math.max(this.#state.generation, after + 1);
  }

  observe(event: RecordedEvent): void {
    forget(this.#state, event.recordedAt, this.#routing);
    switch (event.type) {
      case 'NotificationRequested':
        noteRequested(this.#state, event, () => this.#momentAt(event.occurredAt));
        break;
      case 'NotificationDelivered':
        noteDelivered(this.#state, event);
        break;
      case 'NotificationWithheld':
        noteWithheld(this.#state, event);
        break;
      default:
        observeAlert(this.#state, event, this.#routing);
    }
  }

  due(now: number): PlannedNotification[] {
    return planAt(this.#momentAt(now));
  }

  /**
   * When `due` next has something if nothing is observed before: seldom too early, and never too late for what is sent.
   * That a mute time has begun to withhold something may be found later.
   */
  nextDue(now: number): number | undefined {
    let at = now;
    for (let step = 0; step < mostSteps; step++) {
      const moment = this.#momentAt(at);
      if (planAt(moment).length > 0) return at;
      const next = moment.next();
      if (next === undefined) return undefined;
      at = next;
    }
    return at;
  }

  /** Those that fire and those that have resolved lately. */
  episodes(now: number): EpisodeStanding[] {
    return episodesAt(this.#momentAt(now));
  }

  silences(now: number): SilenceStanding[] {
    return silencesAt(this.#state, now);
  }

  #momentAt(now: number): Moment {
    return momentOf(this.#state, this.#routing, this.#readSilences, now);
  }
}
