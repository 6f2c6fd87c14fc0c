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
  readonly #failures = new Map<string, FailureCount>();
  readonly #users = new Map<string, number>();
  readonly #deploys: [number, string][] = [];
  /** Which requests have failed, and of what. */
  readonly #failed = new Set<string>();
  #requests = 0;

  constructor(readFault: ReadFault, saved?: AroundPartial) {
    this.#readFault = readFault;
    if (saved === undefined) return;
    for (const one of saved.operations) this.#operations.set(one[0] + separator + one[1], [...one]);
    for (const one of structuredClone(saved.failures)) {
      this.#failures.set(one.operation + separator + one.fingerprint, one);
      this.#requests += one.requests.length;
      for (const [requestId] of one.requests) this.#failed.add(one.fingerprint + separator + requestId);
    }
    this.#users = new Map(saved.users);
    this.#deploys = structuredClone(saved.deploys);
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
    if (userId !== undefined) this.#failFor(userId, time);
    const fault = this.#readFault(event);
    if (fault === undefined) return;
    const key = operation + separator + fault.fingerprint;
    let failure = this.#failures.get(key);
    if (failure === undefined) {
      failure = { operation, ...fault, minutes: [], requests: [] };
      this.#failures.set(key, failure);
    }
    if (requestId === undefined) addTo(failure.minutes, minuteOf(time));
    else this.#failOf(requestId, failure, minuteOf(time));
  }

  /** A request that fails and reports its error as well has failed once. */
  #failOf(requestId: string, failure: FailureCount, minute: number): void {
    const once = failure.fingerprint + separator + requestId;
    if (this.#failed.has(once)) return;
    if (this.#requests === mostRequests) {
      addTo(failure.minutes, minute);
      return;
    }
    this.#requests += 1;
    this.#failed.add(once);
    failure.requests.push([requestId, minute]);
  }

  #failFor(user: string, time: number): void {
    const before = this.#users.get(user);
    if (before !== undefined) this.#users.delete(user);
    else if (this.#users.size >= mostUsers) this.#users.delete(this.#users.keys().next().value ?? '');
    this.#users.set(user, Math.max(time, before ?? time));
  }

  partial(): AroundPartial {
    return {
      operations: [...this.#operations.values()],
      failures: [...this.#failures.values()],
      users: [...this.#users],
      deploys: this.#deploys,
    };
  }
}

function addTo(minutes: [minute: number, count: number][], minute: number): void {
  const known = minutes.find(([one]) => one === minute);
  if (known === undefined) minutes.push([minute, 1]);
  else known[1] += 1;
}
