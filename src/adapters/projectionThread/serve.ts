import type { MessagePort } from 'node:worker_threads';
import type { RowCollector } from '../../projections/batches.ts';
import { LogUnavailableError } from '../../projections/ports.ts';
import { unpackBlocks } from '../lmdb/unpack.ts';
import type { FailedReply, ProjectedReply, ProjectRequest } from './messages.ts';

export type OpenCollector = (
  projections: readonly string[],
  recordedFrom: number | undefined,
) => RowCollector;

/** Answers requests one after the other; events live for one block only, which spares the collector of garbage. */
export function serveProjections(port: MessagePort, openCollector: OpenCollector): void {
  let before: Promise<void> = Promise.resolve();
  port.on('message', (request: ProjectRequest) => {
    before = before.then(() => answer(port, openCollector, request));
  });
}

async function answer(
  port: MessagePort,
  openCollector: OpenCollector,
  request: ProjectRequest,
): Promise<void> {
  try {
    const reply = await project(openCollector, request);
    port.postMessage(
      reply,
      reply.rows.map(([, { bytes }]) => bytes.buffer as ArrayBuffer),
    );
  } catch (error) {
    const { message: failure, stack } = error instanceof Error ? error : new Error(String(error));
    const ofLog = error instanceof LogUnavailableError;
    port.postMessage({ id: request.id, failure, ofLog, stack } satisfies FailedReply);
  }
}

async function project(openCollector: OpenCollector, request: ProjectRequest): Promise<ProjectedReply> {
  const collector = openCollector(request.projections, request.recordedFrom);
  for await (const events of unpackBlocks(request.blocks, request)) collector.add(events);
  const { rows, ...rest } = collector.finish();
  return {
    id: request.id,
    ...rest,
    // Memory of their own: what is handed over is gone here, and small buffers share theirs with others.
    rows: [...rows].map(([name, { bytes, count }]) => [name, { bytes: new Uint8Array(bytes), count }]),
  };
}
