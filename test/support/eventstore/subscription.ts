import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { StandInDatabase } from './database.ts';
import { invalidPosition } from './faults.ts';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from './messages.ts';
import { indexFrom, matcherOf } from './reading.ts';

const DEFAULT_SEARCH_WINDOW = 32;

/** A catch-up subscription to `$all`: events behind the position, checkpoints between them, `caughtUp` at the end. */
export function serveSubscription(
  database: StandInDatabase,
  call: ServerWritableStream<ReadReq, ReadResp>,
  options: ReadReq.Options,
): void {
  const filter = options.getFilter();
  const interval =
    (filter?.getCheckpointintervalmultiplier() ?? 1) * (filter?.getMax() || DEFAULT_SEARCH_WINDOW);
  if (interval === 0) {
    call.destroy(Object.assign(new Error('checkpointIntervalMultiplier'), { code: 3 }));
    return;
  }
  const start = options.getAll()?.getPosition()?.getCommitPosition();
  let behind = options.getAll()?.hasEnd() === true ? Number.POSITIVE_INFINITY : Number(start ?? -1);
  if (behind === Number.POSITIVE_INFINITY) behind = database.events.at(-1)?.position ?? -1;
  else if (start !== undefined && !database.isBoundary(behind)) {
    call.destroy(Object.assign(new Error(invalidPosition().details), invalidPosition()));
    return;
  }
  const matches = matcherOf(options);
  let considered = 0;
  let caughtUp = false;
  let waiting = false;

  const go = (): void => {
    if (waiting || call.cancelled || call.destroyed) return;
    const { events } = database;
    for (let i = indexFrom(events, behind + 1); i < events.length; i++) {
      const event = events[i];
      if (event === undefined) break;
      behind = event.position;
      considered++;
      let more = true;
      if (matches(event)) more = call.write(eventMessage(event));
      if (considered % interval === 0) more = call.write(checkpointMessage(behind));
      if (!more) {
        wait();
        return;
      }
    }
    if (caughtUp) return;
    caughtUp = true;
    if (behind >= 0) call.write(checkpointMessage(behind));
    call.write(caughtUpMessage());
  };
  const wait = (): void => {
    waiting = true;
    call.once('drain', () => {
      waiting = false;
      go();
    });
  };

  const stop = database.onAppended(() => setImmediate(go));
  call.on('cancelled', stop);
  call.on('close', stop);
  call.write(confirmationMessage());
  go();
}
