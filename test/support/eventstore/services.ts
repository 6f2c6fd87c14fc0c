import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type {
  AppendReq,
  AppendResp,
  DeleteReq,
  DeleteResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  Metadata,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { ProposedEvent, StandInDatabase } from './database.ts';
import {
  type AppendFault,
  accessDenied,
  appendTooLarge,
  type Failure,
  type Faults,
  invalidPosition,
  notLeader,
  timedOut,
  unavailable,
  unimplemented,
} from './faults.ts';
import {
  appendAnswer,
  eventMessage,
  expectationOf,
  notFoundMessage,
  proposedEvent,
  streamName,
} from './messages.ts';
import { eventsToRead } from './reading.ts';
import { serveSubscription } from './subscription.ts';

export interface ServedBy {
  database: StandInDatabase;
  faults: Faults;
  /** How often each call was made. */
  calls: Record<string, number>;
  maxAppendBytes: number;
  address: () => { host: string; port: number };
}

const count = ({ calls }: ServedBy, name: string): void => {
  calls[name] = (calls[name] ?? 0) + 1;
};

export function streamsService(served: ServedBy): UntypedServiceImplementation {
  return {
    append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) => {
      count(served, 'append');
      receiveAppend(served, call, answer);
    },
    read: (call: ServerWritableStream<ReadReq, ReadResp>) => {
      const options = call.request.getOptions();
      if (options === undefined) return call.destroy(new Error('A read without options.'));
      const what = options.hasSubscription() ? 'subscription' : 'read';
      count(served, what);
      const fault = served.faults.read?.(what);
      if (fault === 'stalled') return;
      if (fault === 'unavailable') return call.destroy(asError(unavailable()));
      if (options.hasSubscription()) return serveSubscription(served.database, call, options);
      serveRead(served, call, options);
    },
    delete: (call: ServerUnaryCall<DeleteReq, DeleteResp>, answer: sendUnaryData<DeleteResp>) => {
      count(served, 'delete');
      served.database.delete(streamName(call.request.getOptions()?.getStreamIdentifier()));
      answer(null, new streams.DeleteResp());
    },
    tombstone: (_: unknown, answer: sendUnaryData<unknown>) => answer(unimplemented()),
    batchAppend: (call: ServerWritableStream<unknown, unknown>) => {
      count(served, 'batchAppend');
      call.destroy(asError(unimplemented()));
    },
  };
}

/** Batch append is announced, as every server does, so that a client which must not use it is put to the test. */
export function featuresService(served: ServedBy): UntypedServiceImplementation {
  return {
    getSupportedMethods: (_: unknown, answer: sendUnaryData<SupportedMethods>) => {
      count(served, 'features');
      const methods = ['append', 'batchappend', 'read', 'delete'].map((name) => {
        const method = new serverFeatures.SupportedMethod();
        method.setServiceName('event_store.client.streams.Streams'.toLowerCase());
        method.setMethodName(name);
        return method;
      });
      const supported = new serverFeatures.SupportedMethods();
      supported.setEventStoreServerVersion('24.10.0');
      supported.setMethodsList(methods);
      answer(null, supported);
    },
  };
}

const asError = (failure: Failure): Error & Failure => Object.assign(new Error(failure.details), failure);

function receiveAppend(
  served: ServedBy,
  call: ServerReadableStream<AppendReq, AppendResp>,
  answer: sendUnaryData<AppendResp>,
): void {
  const events: ProposedEvent[] = [];
  let options: AppendReq.Options | undefined;
  let bytes = 0;
  call.on('data', (request: AppendReq) => {
    options = request.getOptions() ?? options;
    const message = request.getProposedMessage();
    if (message === undefined) return;
    const event = proposedEvent(message);
    bytes += event.data.length + event.metadata.length + event.type.length * 2;
    events.push(event);
  });
  call.on('error', () => undefined);
  call.on('end', () => {
    if (options === undefined || call.cancelled) return;
    if (bytes > served.maxAppendBytes) return answer(appendTooLarge(served.maxAppendBytes));
    carryOut(served, options, events, answer);
  });
}

function carryOut(
  served: ServedBy,
  options: AppendReq.Options,
  events: readonly ProposedEvent[],
  answer: sendUnaryData<AppendResp>,
): void {
  const stream = streamName(options.getStreamIdentifier());
  const fault = served.faults.append?.(stream);
  const refused = refusalOf(served, stream, fault);
  if (refused !== undefined) answer(refused);
  else if (fault !== 'stalled') {
    const expected = expectationOf(options);
    const outcome = served.database.append(stream, expected, events);
    if (fault === 'stored but unavailable') answer(unavailable());
    else if (fault === undefined) answer(null, appendAnswer(outcome, expected));
  }
}

function refusalOf(served: ServedBy, stream: string, fault: AppendFault | undefined): Failure | undefined {
  if (stream.startsWith('$') && !stream.startsWith('$$')) return accessDenied();
  if (fault === 'unavailable') return unavailable();
  if (fault === 'timed out') return timedOut();
  if (fault !== 'not leader') return undefined;
  const { host, port } = served.address();
  return notLeader(host, port);
}

function serveRead(
  served: ServedBy,
  call: ServerWritableStream<ReadReq, ReadResp>,
  options: ReadReq.Options,
): void {
  const events = eventsToRead(served.database, options);
  if (events === 'invalid position') return void call.destroy(asError(invalidPosition()));
  if (events === undefined) {
    const name = streamName(options.getStream()?.getStreamIdentifier());
    call.write(notFoundMessage(name));
    return void call.end(new Metadata());
  }
  let next = 0;
  const go = (): void => {
    while (next < events.length && !call.cancelled) {
      const event = events[next++];
      if (event !== undefined && !call.write(eventMessage(event))) {
        call.once('drain', go);
        return;
      }
    }
    call.end(new Metadata());
  };
  go();
}
