import type { Evidence } from '../../events/alerts.ts';
import { type AroundPartial, type FailureCount, minuteOf, type OperationCount } from '../beats/around.ts';
import type { Labels } from '../rule.ts';

/**
 * What surrounds an alert: which operations fail, with which errors, for whom, and what was deployed. Kept by the minute
 * for a quarter of an hour, so that a step can say why without asking the read store.
 */

type Surroundings = Pick<Evidence, 'topErrors' | 'operations' | 'users' | 'deploys'>;

const stepMs = 60_000;
const steps = 15;
const mostOperations = 1_000;
const mostErrors = 1_000;
const mostUsers = 5_000;
const mostDeploys = 50;
/** The two that tell of one failure come soon after each other. */
const mostFailed = 1_000;
const deployWindowMs = 86_400_000;

/** Counts of the last minutes in a ring; `latest` is the newest minute that has one. */
interface Counts {
  latest: number;
  /** As many numbers a minute as there are columns. */
  ring: number[];
}

interface Operation extends Counts {
  service: string;
  operation: string;
}

interface Group extends Counts {
  service: string;
  operation: string;
  fingerprint: string;
  errorCode: string | undefined;
  message: string;
  requestIds: string[];
}

interface Deploy {
  time: number;
  service: string;
  name: string;
}

export interface SavedContext {
  operations: [string, Operation][];
  errors: [string, Group][];
  users: [string, number][];
  failed: string[];
  deploys: Deploy[];
}

export class Context {
  readonly #operations = new Map<string, Operation>();
  readonly #errors = new Map<string, Group>();
  /** When each user of a service last met a failure. */
  readonly #users = new Map<string, number>();
  /** Which requests have failed of late, and of what. */
  readonly #failed = new Set<string>();
  #deploys: Deploy[] = [];

  constructor(saved?: SavedContext) {
    if (saved === undefined) return;
    this.#operations = new Map(structuredClone(saved.operations));
    this.#errors = new Map(structuredClone(saved.errors));
    this.#users = new Map(saved.users);
    this.#failed = new Set(saved.failed);
    this.#deploys = [...saved.deploys];
  }

  take(service: string, { operations, failures, users, deploys }: AroundPartial): void {
    for (const one of operations) this.#count(service, one);
    for (const [user, time] of users) this.#failFor(`${service}\u0000${user}`, time);
    for (const failure of failures) this.#fail(service, failure);
    for (const [time, name] of deploys) {
      this.#deploys.push({ time, service, name });
      if (this.#deploys.length > mostDeploys) this.#deploys.shift();
    }
  }

  #count(service: string, [operation, minute, requests, failed]: OperationCount): void {
    const counts = this.#operationOf(service, operation);
    add(counts, { columns: 2, column: 0, minute, more: requests });
    add(counts, { columns: 2, column: 1, minute, more: failed });
  }

  #operationOf(service: string, operation: string): Operation {
    const key = `${service}\u0000${operation}`;
    const known = this.#operations.get(key);
    if (known !== undefined) return known;
    if (this.#operations.size >= mostOperations) dropOldest(this.#operations);
    const fresh = { service, operation, latest: 0, ring: new Array<number>(2 * steps).fill(0) };
    this.#operations.set(key, fresh);
    return fresh;
  }

  #fail(service: string, failure: FailureCount): void {
    const group = this.#groupOf(service, failure);
    for (const [minute, more] of failure.minutes) add(group, { columns: 1, column: 0, minute, more });
    for (const [requestId, minute] of failure.requests) {
      // A request that fails and reports its error as well has failed once.
      if (!this.#isFirst(`${service}\u0000${failure.fingerprint}\u0000${requestId}`)) continue;
      add(group, { columns: 1, column: 0, minute, more: 1 });
      group.requestIds.push(requestId);
      if (group.requestIds.length > 3) group.requestIds.shift();
    }
  }

  #groupOf(service: string, { operation, fingerprint, errorCode, message }: FailureCount): Group {
    const key = `${service}\u0000${operation}\u0000${fingerprint}`;
    const known = this.#errors.get(key);
    if (known !== undefined) return known;
    if (this.#errors.size >= mostErrors) dropOldest(this.#errors);
    const ring = new Array<number>(steps).fill(0);
    const about = { service, operation, fingerprint, errorCode, message };
    const fresh: Group = { ...about, latest: 0, ring, requestIds: [] };
    this.#errors.set(key, fresh);
    return fresh;
  }

  #isFirst(failure: string): boolean {
    if (this.#failed.has(failure)) return false;
    if (this.#failed.size >= mostFailed) this.#failed.delete(this.#failed.keys().next().value ?? '');
    this.#failed.add(failure);
    return true;
  }

  #failFor(user: string, time: number): void {
    const before = this.#users.get(user);
    if (before !== undefined) this.#users.delete(user);
    else if (this.#users.size >= mostUsers) this.#users.delete(this.#users.keys().next().value ?? '');
    this.#users.set(user, Math.max(time, before ?? time));
  }

  /** Of the events that these labels speak of, within the window as far as it is remembered. */
  around(labels: Labels, window: { from: number; to: number }): Surroundings {
    const { service, operation } = labels;
    const fits = (one: { service: string; operation?: string }) =>
      (service === undefined || one.service === service) &&
      (operation === undefined || one.operation === undefined || one.operation === operation);
    return {
      topErrors: this.#topErrors(fits, window),
      operations: [...this.#operations.values()]
        .filter(fits)
        .map((one) => ({
          service: one.service,
          operation: one.operation,
          requests: sum(one, 2, window, 0),
          failed: sum(one, 2, window, 1),
        }))
        .filter(({ requests }) => requests > 0)
        .sort((a, b) => b.failed - a.failed || b.requests - a.requests || byText(a.operation, b.operation))
        .slice(0, 10),
      users: { affected: this.#affected(service, window), exact: this.#users.size < mostUsers },
      // Of every service: what one deploys may be what another one breaks of.
      deploys: this.#deploys
        .filter((deploy) => isRecent(deploy, window))
        .slice(-5)
        .reverse(),
    };
  }

  #affected(service: string | undefined, { from, to }: { from: number; to: number }): number {
    const start = service === undefined ? '' : `${service}\u0000`;
    let count = 0;
    for (const [key, time] of this.#users) if (time > from && time <= to && key.startsWith(start)) count++;
    return count;
  }

  #topErrors(fits: (group: Group) => boolean, window: { from: number; to: number }) {
    const found = new Map<string, Evidence['topErrors'][number]>();
    for (const group of this.#errors.values()) {
      const count = fits(group) ? sum(group, 1, window, 0) : 0;
      if (count === 0) continue;
      const { fingerprint, errorCode, message, requestIds } = group;
      const known = found.get(fingerprint);
      found.set(fingerprint, {
        fingerprint,
        ...(errorCode !== undefined && { errorCode }),
        message,
        count: count + (known?.count ?? 0),
        requestIds: [...requestIds, ...(known?.requestIds ?? [])].slice(0, 3),
      });
    }
    const all = [...found.values()].sort((a, b) => b.count - a.count || byText(a.fingerprint, b.fingerprint));
    return all.slice(0, 5);
  }

  save(): SavedContext {
    const [operations, errors, users] = [[...this.#operations], [...this.#errors], [...this.#users]];
    const failed = [...this.#failed];
    return structuredClone({ operations, errors, users, failed, deploys: this.#deploys });
  }
}

const isRecent = ({ time }: Deploy, { to }: { to: number }): boolean =>
  time <= to && time > to - deployWindowMs;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A quarter of them, for looking for the oldest one with every new one would take longer than all the rest. */
function dropOldest(all: Map<string, Counts>): void {
  const oldestFirst = [...all].sort(([, a], [, b]) => a.latest - b.latest);
  for (const [key] of oldestFirst.slice(0, Math.ceil(all.size / 4))) all.delete(key);
}

interface Addition {
  columns: number;
  column: number;
  minute: number;
  more: number;
}

function add(counts: Counts, { columns, column, minute, more }: Addition): void {
  if (minute > counts.latest) {
    const gone = Math.min(minute - counts.latest, steps);
    for (let back = 0; back < gone; back++) {
      const slot = ((minute - back) % steps) * columns;
      counts.ring.fill(0, slot, slot + columns);
    }
    counts.latest = minute;
  } else if (minute <= counts.latest - steps) return;
  const at = (minute % steps) * columns + column;
  counts.ring[at] = (counts.ring[at] ?? 0) + more;
}

function sum(
  counts: Counts,
  columns: number,
  { from, to }: { from: number; to: number },
  column: number,
): number {
  const first = Math.max(Math.floor(from / stepMs) + 1, counts.latest - steps + 1);
  const last = Math.min(minuteOf(to), counts.latest);
  let total = 0;
  for (let step = first; step <= last; step++) total += counts.ring[(step % steps) * columns + column] ?? 0;
  return total;
}
