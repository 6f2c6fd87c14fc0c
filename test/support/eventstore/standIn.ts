import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type ProposedEvent, StandInDatabase, StandInDisk } from './database.ts';
import type { Faults } from './faults.ts';
import { featuresService, type ServedBy, streamsService } from './services.ts';

export interface StandInOptions {
  clock?: () => number;
  /** Keeps what is stored when the stand-in has been stopped. */
  disk?: StandInDisk;
  maxAppendBytes?: number;
  port?: number;
}

/** An event store that speaks the true protocol to the true client and keeps everything in memory or one file. */
export interface EventStoreStandIn {
  readonly url: string;
  readonly port: number;
  readonly database: StandInDatabase;
  faults: Faults;
  readonly calls: Record<string, number>;
  /** Cuts every connection; the server goes on. */
  dropConnections(): Promise<void>;
  /** Stops and starts again at the same port, with nothing in its memory but what is on disk. */
  restart(): Promise<void>;
  /** Away until `start`. */
  stop(): void;
  start(): Promise<void>;
}

const MAX_APPEND_BYTES = 1024 * 1024;
const host = '127.0.0.1';

export async function startEventStoreStandIn(options: StandInOptions = {}): Promise<EventStoreStandIn> {
  const { clock = Date.now, disk = new StandInDisk(), maxAppendBytes = MAX_APPEND_BYTES } = options;
  let port = options.port ?? 0;
  let server: Server | undefined;
  const database = new StandInDatabase(disk, clock);
  if (database.events.length === 0) addSystemEvents(database);
  const served: ServedBy = {
    database,
    faults: {},
    calls: {},
    maxAppendBytes,
    address: () => ({ host, port }),
  };

  const start = async (): Promise<void> => {
    server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    server.addService(streams.StreamsService, streamsService(served));
    server.addService(features.ServerFeaturesService, featuresService(served));
    port = await bind(server, port);
  };
  const stop = (): void => {
    server?.forceShutdown();
    server = undefined;
  };
  await start();
  return {
    database,
    get faults() {
      return served.faults;
    },
    set faults(faults) {
      served.faults = faults;
    },
    calls: served.calls,
    get port() {
      return port;
    },
    get url() {
      return `esdb://${host}:${port}?tls=false`;
    },
    start,
    stop,
    async dropConnections() {
      stop();
      await start();
    },
    async restart() {
      stop();
      database.forgetIds();
      await start();
    },
  };
}

const bind = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });

/** What a server writes about itself; `$all` is never without. */
function addSystemEvents(database: StandInDatabase): void {
  const event = (type: string, data: object): ProposedEvent => ({
    id: crypto.randomUUID(),
    type,
    contentType: 'application/json',
    data: Buffer.from(JSON.stringify(data)),
    metadata: new Uint8Array(),
  });
  database.append('$$$users', 'any', [event('$metadata', { $acl: { $r: '$admins' } })]);
  database.append('$users', 'any', [event('$UserCreated', { loginName: 'admin' })]);
  database.append('$stats-127.0.0.1:2113', 'any', [event('$statsCollected', { 'proc-cpu': 1 })]);
}
