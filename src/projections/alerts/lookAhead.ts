import type { AlertProcessor } from '../../domain/alerts/processor/processor.ts';
import type { ProjectProcessor } from '../../domain/alerts/processor/project.ts';

/**
 * Looks ahead in projects where no event comes: what would be decided if time were all that passes. Only when something
 * would be, the passing of time has to be recorded, so that a replay sees it too. A beat that no event ends is ended so as
 * well. It looks at copies: whatever comes of them, the state itself moves with recorded events alone.
 */
export interface LookAhead {
  /** An event of the project has been observed: what was seen ahead no longer holds. */
  forget(project: string): void;
  /** Other rules are in force. */
  forgetAll(): void;
  /** To which times the clocks of which projects have to be advanced. */
  look(now: number): { project: string; to: number }[];
}

interface Ahead {
  shadow: ProjectProcessor;
  decidedAt: number | undefined;
}

/** Copying may take so much of the time. */
const copyShare = 20;
/** With more to catch up on than this allows, each project still gets on by a step. */
const lookMs = 20;
/** Beyond the lateness that is allowed: a batch may be on its way through the log. */
const restMs = 250;

export function createLookAhead(processor: AlertProcessor, stopwatch: () => number): LookAhead {
  const ahead = new Map<string, Ahead>();
  let copyAgainAt = Number.NEGATIVE_INFINITY;

  function copyOf(project: string): Ahead | undefined {
    const started = stopwatch();
    if (started < copyAgainAt) return undefined;
    const shadow = processor.shadowOf(project);
    const took = stopwatch() - started;
    copyAgainAt = started + took * copyShare;
    if (shadow === undefined) return undefined;
    const fresh = { shadow, decidedAt: undefined };
    ahead.set(project, fresh);
    return fresh;
  }

  /** When something is decided next, as far as was looked by then. */
  function lookOn({ shadow }: Ahead, until: number): number | undefined {
    while (shadow.isDue) {
      const [first] = shadow.judgeNext();
      if (first !== undefined) return first.event.occurredAt;
      if (stopwatch() >= until) return undefined;
    }
    return undefined;
  }

  return {
    forget: (project) => void ahead.delete(project),
    forgetAll: () => ahead.clear(),
    look(now) {
      const found: { project: string; to: number }[] = [];
      const to = now - processor.ruleSet.latenessMs;
      const until = stopwatch() + lookMs;
      const isOver = (processor.beatEndsAt ?? now) <= now;
      for (const project of processor.names) {
        const nextAt = ahead.get(project)?.shadow.nextAt ?? processor.nextAt(project);
        const rests = now - processor.heardAt(project) >= processor.ruleSet.latenessMs + restMs;
        const passes = rests && nextAt <= to;
        if (!passes && !(isOver && processor.isPending(project))) continue;
        const known = ahead.get(project) ?? copyOf(project);
        if (known === undefined) continue;
        if (passes && known.decidedAt === undefined) known.shadow.passTo(to, now);
        known.decidedAt ??= lookOn(known, until);
        if (known.decidedAt !== undefined) found.push({ project, to: known.decidedAt });
      }
      return found;
    },
  };
}
