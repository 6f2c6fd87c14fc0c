import { createRequire } from 'node:module';

/** The part of the client's request queue that is changed here; its types do not show it. */
export interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

type RequestQueueClass = { prototype: RequestQueue; new (options: object): RequestQueue };

const quiet = Symbol.for('chronoscope.quietRequestQueue');

/**
 * After each answer the client looks whether a request waits, and then plans the next look for a time long past: a
 * connection with nothing to do looks a thousand times a second, which is a core in forty. A look that is planned only
 * while something waits is enough, for every new request and every answer looks by itself.
 */
export function quietRequestQueue(queue: RequestQueueClass = clientsQueue()): void {
  const { prototype } = queue;
  if (Object.hasOwn(prototype, quiet)) return;
  refuseOthers(queue);
  const plan = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) plan.call(this);
  };
  Object.defineProperty(prototype, quiet, { value: true });
}

const clientsQueue = (): RequestQueueClass =>
  createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as RequestQueueClass;

/** Another version of the client would be changed into something that nobody has tried. */
function refuseOthers(queue: RequestQueueClass): void {
  const { prototype } = queue;
  const isKnown =
    typeof prototype.scheduleCheckPendingRequests === 'function' &&
    Array.isArray(new queue({ logger: {} }).pending) &&
    /this\.throttleCheckTimeoutId = setTimeout/.test(String(prototype.scheduleCheckPendingRequests));
  if (!isKnown)
    throw new Error(
      'The request queue of kafkajs has changed: src/adapters/kafka/requestQueue.ts knows 2.2.4.',
    );
}
