import { Planner } from '../../domain/alerts/notify/planner.ts';
import type { EpisodeStanding } from '../../domain/alerts/notify/views.ts';
import type { SavedOutbox } from '../../domain/alerts/outbox.ts';
import { eventOf } from '../../domain/alerts/processor/decision.ts';
import { isStep } from '../../domain/alerts/processor/judged.ts';
import type { Policy } from '../../domain/alerts/rule.ts';
import { restoreRules } from '../../domain/alerts/rules/read.ts';
import type { EventData } from '../../domain/events/catalogue.ts';
import { isTelemetry } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import { asPosition, type Position } from '../../domain/position.ts';
import type { SnapshotStore } from '../alerts/ports.ts';
import { pause } from '../batchWindow.ts';
import { follow, standingAt } from '../follow.ts';
import type { EventLog } from '../ports.ts';
import { alertDetails } from './alertDetails.ts';
import { createOutbox, type OutboxObserver } from './outbox.ts';
import type { Channel, MessageAlert } from './ports.ts';

/**
 * Tells people. It follows the log for what alerts do and people say of them, records what is to be sent, and sends it.
 * It begins to speak only when it has caught up, so that what has come and gone meanwhile is not told.
 */

export interface NotifierDeps {
  log: Pick<EventLog, 'append' | 'read' | 'readStream' | 'subscribe' | 'head' | 'compare' | 'distance'>;
  snapshots: SnapshotStore;
  channels: readonly Channel[];
  /** Epoch milliseconds. */
  clock: () => number;
  /** Milliseconds that never go back. */
  stopwatch: () => number;
  redact: (text: string) => string;
  observer: NotifierObserver;
}

export interface NotifierObserver extends OutboxObserver {
  failed(error: unknown): void;
}

interface Snapshot {
  format: typeof snapshotFormat;
  position: string;
  planner: unknown;
  outbox: SavedOutbox;
  rules: Rules | null;
}

type Rules = Pick<EventData<'RulesChanged'>, 'text' | 'versions'>;

const snapshotFormat = 1;
const snapshotEveryMs = 30_000;
/** What people do and what alerts do is looked at so often, beyond the times that are known beforehand. */
const tickMs = 250;
/** With thousands of alerts a plan takes long; so many times as long the rest of the engine has its turn. */
const planRests = 5;
/** Looking at all alerts takes its time, and a page of them asks for each. */
const standingsForMs = 250;

/** Steps that speak of a time so long ago are history that comes in late, or what had to wait while the engine was down. */
const pastMs = 60_000;
/** While the past is being told, an alert that fires in it may end in it too; so long after its last step it is over. */
const pastRestMs = 10_000;

const noPolicy: Policy = { routes: [], inhibit: [], mute: [], flapping: { firings: 5, windowMs: 3_600_000 } };

export type Notifier = Awaited<ReturnType<typeof openNotifier>>;

export async function openNotifier(deps: NotifierDeps) {
  const { log, clock, stopwatch, snapshots, observer } = deps;
  const names = deps.channels.map(({ name }) => name);
  const found = readSnapshot(await snapshots.load());
  const head = await log.head();
  // One from beyond the log's end is of another log, or this one was put back from a copy.
  const fits =
    head !== undefined && found !== undefined && log.compare(asPosition(found.position), head) <= 0;
  const saved = fits ? found : undefined;
  const restored = saved && Planner.load(saved.planner, noPolicy, names);
  const planner = restored ?? new Planner(noPolicy, names);
  let rules: Rules | undefined;
  let position: Position | undefined = restored && saved && asPosition(saved.position);
  const outbox = createOutbox({
    log,
    channels: deps.channels,
    details,
    clock,
    redact: deps.redact,
    onError: observer.failed,
    observer,
    ...(restored && saved && { saved: saved.outbox }),
  });
  const stopping = new AbortController();
  let savedPosition = position;
  let nextSnapshotAt = stopwatch() + snapshotEveryMs;
  let speaking = false;
  let nextPlanAt = 0;
  let restUntil = 0;
  /** From when on it speaks: the end of the log as it was found. */
  let goal: Position | undefined;
  /** It has seen events beyond `position`; such a state belongs to no position. */
  let unsettled = false;
  let running: Promise<unknown> = Promise.resolve();
  let lastError: string | undefined;
  /** Of projects whose past is coming in: when it is taken as over. */
  const pastUntil = new Map<string, number>();
  let lastWellAt = stopwatch();
  let looked: { at: number; standings: ReadonlyMap<string, EpisodeStanding> } | undefined;
  if (restored && saved?.rules) use(saved.rules);

  function use(changed: Rules): void {
    const read = restoreRules(changed.text, changed.versions);
    if (read.kind === 'read') planner.setPolicy(read.ruleSet.policy, names);
    rules = changed;
  }

  function observe(event: RecordedEvent): void {
    unsettled = true;
    if (isTelemetry(event.type)) return;
    nextPlanAt = 0;
    looked = undefined;
    if (isStep(event) && event.recordedAt - event.data.at > pastMs)
      pastUntil.set(event.project, clock() + pastRestMs);
    if (event.type === 'RulesChanged') use({ text: event.data.text, versions: event.data.versions });
    planner.observe(event);
    outbox.observe(event);
  }

  async function settle(to: Position): Promise<void> {
    position = to;
    unsettled = false;
    if (speaking && clock() >= nextPlanAt) await plan();
    lastError = undefined;
    lastWellAt = stopwatch();
    if (stopwatch() >= nextSnapshotAt) await saveSnapshot().catch(fail);
  }

  async function plan(): Promise<void> {
    const now = clock();
    const started = stopwatch();
    if (started < restUntil) return;
    const { generation } = planner;
    const due = planner.due(now);
    // Before anything is awaited: events that come meanwhile ask for another look.
    nextPlanAt = due.length > 0 ? now + tickMs : (planner.nextDue(now) ?? Number.POSITIVE_INFINITY);
    const ended = stopwatch();
    restUntil = ended + (ended - started) * planRests;
    let [requested, taken] = [0, 0];
    for (const { id, project, stream, event } of due) {
      if ((pastUntil.get(project) ?? 0) > now) continue;
      const events = [eventOf(event.type, event.data, { id, at: now, project })];
      // The same id again is one event, whoever was sooner.
      const expected = event.type === 'NotificationRequested' ? 'none' : 'any';
      const { kind } = await log.append([{ stream, events, expected }]);
      if (kind === 'conflict') taken++;
      else if (expected === 'none') requested++;
    }
    // Such an id once told something that the log has since forgotten. What was requested must be seen under its own first.
    if (taken === 0 || requested > 0) return;
    planner.nameAnew(generation);
    nextPlanAt = 0;
  }

  function standings(): ReadonlyMap<string, EpisodeStanding> {
    const at = clock();
    if (looked === undefined || Math.abs(at - looked.at) >= standingsForMs) {
      const all = planner.episodes(at).map((standing) => [standing.episode, standing] as const);
      looked = { at, standings: new Map(all) };
    }
    return looked.standings;
  }

  async function details(request: EventData<'NotificationRequested'>): Promise<readonly MessageAlert[]> {
    const known = standings();
    const alerts: MessageAlert[] = [];
    for (const named of request.alerts) {
      const standing = known.get(named.episode);
      if (standing === undefined) continue;
      const alert = await alertDetails(log, standing.project, named);
      const { acknowledgedBy } = standing;
      if (alert !== undefined)
        alerts.push({ ...alert, ...(acknowledgedBy !== undefined && { acknowledgedBy }) });
    }
    return alerts;
  }

  async function tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(tickMs, signal);
      if (signal.aborted) return;
      try {
        if (!speaking) {
          // Not the end as it is now, which under load is always somewhat further on.
          goal ??= await log.head();
          if (goal !== undefined && (position === undefined || log.compare(position, goal) < 0)) continue;
          speaking = true;
          outbox.start();
        }
        if (clock() >= nextPlanAt) await plan();
        lastWellAt = stopwatch();
      } catch (error) {
        if (!signal.aborted) fail(error);
      }
    }
  }

  function fail(error: unknown): void {
    lastError = error instanceof Error ? error.message : String(error);
    observer.failed(error);
  }

  async function saveSnapshot(): Promise<void> {
    nextSnapshotAt = stopwatch() + snapshotEveryMs;
    if (position === undefined || position === savedPosition) return;
    const snapshot: Snapshot = {
      format: snapshotFormat,
      position,
      planner: planner.save(),
      outbox: outbox.save(),
      rules: rules ?? null,
    };
    await snapshots.save(JSON.stringify(snapshot));
    savedPosition = snapshot.position as Position;
  }

  return {
    planner,
    start() {
      const { signal } = stopping;
      const following = follow({ feed: log, after: position, observe, settle, onError: fail, signal });
      running = Promise.all([following, tick(signal)]);
    },
    async stop() {
      stopping.abort();
      await running;
      if (speaking) await outbox.stop();
      if (!unsettled) await saveSnapshot().catch(() => undefined);
    },
    /** What holds back the notifications of an alert. */
    flagsOf(episode: string) {
      const standing = standings().get(episode);
      if (standing === undefined) return undefined;
      const { silencedBy, inhibitedBy, flapping, mutedBy } = standing;
      return {
        silencedBy: silencedBy === undefined ? [] : [silencedBy],
        inhibitedBy: inhibitedBy === undefined ? [] : [inhibitedBy.episode],
        flapping,
        muted: mutedBy !== undefined,
      };
    },
    /** Alerts of all projects that fire now. */
    firing: () => [...standings().values()].filter(({ state }) => state !== 'resolved'),
    backlog: () => outbox.backlog(),
    /** For how long nothing has gone well. */
    lateMs: () => stopwatch() - lastWellAt,
    standing: () => standingAt(log, { position, error: lastError, now: clock() }),
    position: () => position,
  };
}

function readSnapshot(text: string | undefined): Snapshot | undefined {
  if (text === undefined) return undefined;
  try {
    const snapshot = JSON.parse(text) as Snapshot;
    return snapshot.format === snapshotFormat ? snapshot : undefined;
  } catch {
    return undefined;
  }
}
