import type { Evidence } from '../../events/alerts.ts';
import type { RecordedEvent } from '../../events/envelope.ts';
import type { Labels } from '../rule.ts';
import type { ReadFault } from './faults.ts';

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
  readonly #readFault: ReadFault;
  readonly #operations = new Map<string, Operation>();
  readonly #errors = new Map<string, Group>();
  /** When each user of a service last met a failure. */
  readonly #users = new Map<string, number>();
  /** Which requests have failed of late, and of what. */
  readonly #failed = new Set<string>();
  #deploys: Deploy[] = [];

  constructor(readFault: ReadFault, saved?: SavedContext) {
    this.#readFault = readFault;
    if (saved === undefined) return;
    this.#operations = new Map(structuredClone(saved.operations));
    this.#errors = new Map(structuredClone(saved.errors));
    this.#users = new Map(saved.users);
    this.#failed = new Set(saved.failed);
    this.#deploys = [...saved.deploys];
  }

  observe(event: RecordedEvent, time: number): void {
    switch (event.type) {
      case 'RequestCompleted': {
        const { operation, status } = event.data;
        const counts = this.#operationOf(event.service, operation);
        add(counts, 2, time, 0);
        if (status !== 'success') {
          add(counts, 2, time, 1);
          this.#fail(event, operation, time);
        }
        return;
      }
      case 'ErrorCaptured':
        this.#fail(event, event.data.operation ?? '', time);
        return;
      case 'DeployRecorded': {
        const name = event.data.name ?? event.data.message ?? '';
        this.#deploys.push({ time, service: event.service, name: name.slice(0, 300) });
        if (this.#deploys.length > mostDeploys) this.#deploys.shift();
        return;
      }
      default:
        return;
    }
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

  #fail(event: RecordedEvent, operation: string, time: number): void {
    if (event.userId !== undefined) {
      this.#failFor(`${event.service}\u0000${event.userId}`, time);
    }
    const fault = this.#readFault(event);
    if (fault === undefined) return;
    const key = `${event.service}\u0000${operation}\u0000${fault.fingerprint}`;
    let group = this.#errors.get(key);
    if (group === undefined) {
      if (this.#errors.size >= mostErrors) dropOldest(this.#errors);
      const { service } = event;
      const ring = new Array<number>(steps).fill(0);
      group = { service, operation, ...fault, latest: 0, ring, requestIds: [] };
      this.#errors.set(key, group);
    }
    const { requestId } = event;
    const failure = `${event.service}\u0000${fault.fingerprint}\u0000${requestId}`;
    // A request that fails and reports its error as well has failed once.
    if (requestId !== undefined && !this.#isFirst(failure)) return;
    add(group, 1, time, 0);
    if (requestId === undefined) return;
    group.requestIds.push(requestId);
    if (group.requestIds.length > 3) group.requestIds.shift();
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

/** A minute holds `(start, start + 60 s]`, like the windows. */
const stepOf = (time: number): number => Math.ceil(time / stepMs);

function add(counts: Counts, columns: number, time: number, column: number): void {
  const step = stepOf(time);
  if (step > counts.latest) {
    const gone = Math.min(step - counts.latest, steps);
    for (let back = 0; back < gone; back++) {
      const slot = ((step - back) % steps) * columns;
      counts.ring.fill(0, slot, slot + columns);
    }
    counts.latest = step;
  } else if (step <= counts.latest - steps) return;
  const at = (step % steps) * columns + column;
  counts.ring[at] = (counts.ring[at] ?? 0) + 1;
}

function sum(
  counts: Counts,
  columns: number,
  { from, to }: { from: number; to: number },
  column: number,
): number {
  const first = Math.max(Math.floor(from / stepMs) + 1, counts.latest - steps + 1);
  const last = Math.min(stepOf(to), counts.latest);
  let total = 0;
  for (let step = first; step <= last; step++) total += counts.ring[(step % steps) * columns + column] ?? 0;
  return total;
}
