import type { RecordedEvent } from '../../events/envelope.ts';
import type { GroupedFault, ReadFault } from '../processor/faults.ts';

/** What the events of one service say of what surrounds an alert; see `Context`, which keeps it. */
export interface AroundPartial {
  operations: OperationCount[];
  failures: FailureCount[];
  users: [user: string, time: number][];
  deploys: [time: number, name: string][];
}

export type OperationCount = [operation: string, minute: number, requests: number, failed: number];

/** Failures of one kind: those that cannot be told apart by the minute, the others each with its request. */
export interface FailureCount extends GroupedFault {
  operation: string;
  minutes: [minute: number, count: number][];
  requests: [requestId: string, minute: number][];
}

const minuteMs = 60_000;
/** A minute holds `(start, start + 60 s]`, like the windows. */
export const minuteOf = (time: number): number => Math.ceil(time / minuteMs);

/** Failed requests that are told singly; of more it is told how often they failed. */
const mostRequests = 100;
const mostUsers = 5_000;
const mostDeploys = 50;
const mostNameCharacters = 300;

const separator = '\u0000';

/** Collects it, event by event. */
export class Around {
  readonly #readFault: ReadFault;
  readonly #operations = new Map<string, OperationCount>();
  /** Most services have none in most beats. */
  #failures: Failures | undefined;
  #deploys: AroundPartial['deploys'] = [];

  constructor(readFault: ReadFault, saved?: AroundPartial) {
    this.#readFault = readFault;
    if (saved === undefined) return;
    const { operations, failures, users, deploys } = structuredClone(saved);
    for (const one of operations) this.#operations.set(one[0] + separator + one[1], one);
    if (failures.length > 0 || users.length > 0) this.#failures = new Failures({ failures, users });
    this.#deploys = deploys;
  }

  read(event: RecordedEvent, time: number): void {
    switch (event.type) {
      case 'RequestCompleted': {
        const { operation, status } = event.data;
        const isFailed = status !== 'success';
        this.#count(operation, minuteOf(time), isFailed);
        if (isFailed) this.#fail(event, operation, time);
        return;
      }
      case 'ErrorCaptured':
        this.#fail(event, event.data.operation ?? '', time);
        return;
      case 'DeployRecorded': {
        const name = event.data.name ?? event.data.message ?? '';
        this.#deploys.push([time, name.slice(0, mostNameCharacters)]);
        if (this.#deploys.length > mostDeploys) this.#deploys.shift();
        return;
      }
      default:
        return;
    }
  }

  #count(operation: string, minute: number, isFailed: boolean): void {
    const key = operation + separator + minute;
    let counts = this.#operations.get(key);
    if (counts === undefined) {
      counts = [operation, minute, 0, 0];
      this.#operations.set(key, counts);
    }
    counts[2] += 1;
    if (isFailed) counts[3] += 1;
  }

  #fail(event: RecordedEvent, operation: string, time: number): void {
    const { userId, requestId } = event;
    this.#failures ??= new Failures({ failures: [], users: [] });
    if (userId !== undefined) this.#failures.of(userId, time);
    const fault = this.#readFault(event);
    if (fault !== undefined) this.#failures.count({ fault, operation, requestId, minute: minuteOf(time) });
  }

  partial(): AroundPartial {
    const { failures, users } = this.#failures?.partial() ?? { failures: [], users: [] };
    return { operations: [...this.#operations.values()], failures, users, deploys: this.#deploys };
  }
}

interface Failure {
  fault: GroupedFault;
  operation: string;
  requestId: string | undefined;
  minute: number;
}

class Failures {
  readonly #all = new Map<string, FailureCount>();
  /** When each user last met one. */
  readonly #users: Map<string, number>;
  /** Which requests have failed, and of what. */
  readonly #failed = new Set<string>();

  constructor({ failures, users }: Pick<AroundPartial, 'failures' | 'users'>) {
    this.#users = new Map(users);
    for (const one of failures) {
      this.#all.set(one.operation + separator + one.fingerprint, one);
      for (const [requestId] of one.requests) this.#failed.add(one.fingerprint + separator + requestId);
    }
  }

  of(user: string, time: number): void {
    const before = this.#users.get(user);
    if (before !== undefined) this.#users.delete(user);
    else if (this.#users.size >= mostUsers) this.#users.delete(this.#users.keys().next().value ?? '');
    this.#users.set(user, Math.max(time, before ?? time));
  }

  count({ fault, operation, requestId, minute }: Failure): void {
    const key = operation + separator + fault.fingerprint;
    let counts = this.#all.get(key);
    if (counts === undefined) {
      counts = { operation, ...fault, minutes: [], requests: [] };
      this.#all.set(key, counts);
    }
    const once = fault.fingerprint + separator + requestId;
    // A request that fails and reports its error as well has failed once.
    if (requestId !== undefined && this.#failed.has(once)) return;
    if (requestId === undefined || this.#failed.size === mostRequests) addTo(counts.minutes, minute);
    else {
      this.#failed.add(once);
      counts.requests.push([requestId, minute]);
    }
  }

  partial() {
    return { failures: [...this.#all.values()], users: [...this.#users] };
  }
}

function addTo(minutes: [minute: number, count: number][], minute: number): void {
  const known = minutes.find(([one]) => one === minute);
  if (known === undefined) minutes.push([minute, 1]);
  else known[1] += 1;
}
