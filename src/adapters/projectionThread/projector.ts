import { Worker } from 'node:worker_threads';
import { LogUnavailableError } from '../../projections/ports.ts';
import type { ProjectedStretch, Projector } from '../../projections/projector.ts';
import type { PackedStretch, ReadPacked } from '../lmdb/packedReader.ts';
import { positionAfter, positionOf } from '../numberedFeed.ts';
import type { FailedReply, ProjectedReply, ProjectRequest } from './messages.ts';

export interface ProjectionThread extends Projector {
  close(): Promise<void>;
}

interface Waiting {
  resolve(reply: ProjectedReply): void;
  reject(error: Error): void;
}

/** A ceiling, not a need: what a thread of this kind uses is the rows of one stretch. */
const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

/**
 * Unpacks and projects in a thread of its own, so that ingest and reads are not kept waiting by batches. A thread that
 * dies takes only the stretches at work along; whoever asked tries again, with a new one.
 */
export function openProjectionThread(options: {
  entry: URL;
  readPacked: ReadPacked;
  /** The log's file, for messages. */
  file: string;
}): ProjectionThread {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let lastId = 0;
  let closed = false;

  function fail(died: Worker, error: Error): void {
    if (thread !== died) return;
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(options.entry, { resourceLimits });
    started.unref();
    started.on('message', (reply: ProjectedReply | FailedReply) => {
      const asker = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) started.unref();
      if ('failure' in reply) asker?.reject(errorOf(reply));
      else asker?.resolve(reply);
    });
    started.on('messageerror', (cause) =>
      fail(started, new Error('an answer of the projections could not be read', { cause })),
    );
    started.on('error', (cause) =>
      fail(started, new Error('the thread of the projections failed', { cause })),
    );
    started.on('exit', () => fail(started, new Error('the thread of the projections has ended')));
    return started;
  }

  function ask(request: Omit<ProjectRequest, 'id'>): Promise<ProjectedReply> {
    if (closed) return Promise.reject(new LogUnavailableError('closed', 'The projections have been closed.'));
    thread ??= start();
    const asked = thread;
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      // Only a thread with work keeps the process from ending.
      asked.ref();
      asked.postMessage(
        { ...request, id } satisfies ProjectRequest,
        request.blocks.map(({ buffer }) => buffer),
      );
    });
  }

  // Begun at once, so that the first events need not wait for it.
  thread = start();

  return {
    async next({ projections, after, until, maxEvents, recordedFrom, signal }) {
      const from = Number(after ?? 0);
      const end = until === undefined ? undefined : Number(until);
      const packed = await options.readPacked({ after: from, until: end, maxEvents, signal });
      if (packed === undefined) return undefined;
      if (packed.blocks.length === 0) return emptyStretch(from, packed);
      const { blocks, to } = packed;
      const {
        id: _,
        rows,
        ...rest
      } = await ask({
        projections,
        recordedFrom,
        blocks,
        after: from,
        until: to,
        file: options.file,
      });
      return { from: positionAfter(from), to: positionOf(to), ...rest, rows: new Map(rows) };
    },
    async close() {
      closed = true;
      const ending = thread;
      if (ending !== undefined)
        fail(ending, new LogUnavailableError('closed', 'The projections have been closed.'));
      await ending?.terminate();
    },
  };
}

function errorOf({ failure, ofLog, stack }: FailedReply): Error {
  if (ofLog) return new LogUnavailableError('failed', failure);
  const error = new Error(failure);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Nothing but events that the log has forgotten. */
const emptyStretch = (after: number, { to }: PackedStretch): ProjectedStretch => ({
  from: positionAfter(after),
  to: positionOf(to),
  events: 0,
  lastRecordedAt: undefined,
  rows: new Map(),
  unprojectable: [],
});
