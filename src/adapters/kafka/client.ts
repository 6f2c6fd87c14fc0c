import { connect as dial, isIP } from 'node:net';
import { type ConnectionOptions, connect as dialTls } from 'node:tls';
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { soleConnecting } from './connecting.ts';
import { quietRequestQueue } from './requestQueue.ts';

export interface KafkaCredentials {
  username: string;
  password: string;
  /** Without it the one that does not show the password to whoever listens. */
  mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
}

export interface KafkaLine {
  level: 'debug' | 'warn';
  message: string;
  details: Record<string, unknown>;
}

export interface KafkaClientOptions {
  /** `host:port` each. */
  brokers: readonly string[];
  credentials?: KafkaCredentials | undefined;
  tls?: ConnectionOptions | boolean;
  /** As the brokers' logs and quotas know this process. */
  clientId: string;
  /** What the client has to tell. It calls much an error that passes by itself; nothing here is one. */
  log?: (line: KafkaLine) => void;
}

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 20_000;

/**
 * A client of its own for every producer and consumer: two consumers of one client share what they remember as
 * committed, and take each other's offsets.
 */
export function kafkaClient(options: KafkaClientOptions): Kafka {
  quietRequestQueue();
  soleConnecting();
  const { brokers, credentials, tls, clientId } = options;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    socketFactory,
    ...(tls !== undefined && { ssl: tls }),
    ...(credentials !== undefined && { sasl: saslOf(credentials) }),
    // Never left to the client, which has other figures where NODE_ENV is `test`.
    retry: retryOf(quickRetries),
    logLevel: logLevel.WARN,
    logCreator: logTo(options.log),
  });
}

const KEEP_ALIVE_MS = 60_000;

const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const named = isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? dialTls({ host, port, ...named, ...ssl }, onConnect)
    : dial({ host, port, noDelay: true }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  // The client listens to a dead socket once more each time that it gives it up again, and Node would warn of it.
  socket.setMaxListeners(0);
  return socket;
};

const quickRetries = 3;

/** Doubling from a tenth of a second. What is not done after these tries is begun anew from above. */
export const retryOf = (retries: number) => ({
  retries,
  initialRetryTime: 100,
  maxRetryTime: 5_000,
  factor: 0.2,
  multiplier: 2,
});

const saslOf = ({ username, password, mechanism = 'scram-sha-512' }: KafkaCredentials): SASLOptions =>
  ({ mechanism, username, password }) as SASLOptions;

/** The client warns of every producer whose tries end; that they do is meant so, see `producer.ts`. */
const expected = /Limiting retries for the idempotent producer/;

/** What a broker answers in passing, such as that a topic is there already; what matters of it comes as a failure. */
const levelOf = (part: string): KafkaLine['level'] => (part === 'Connection' ? 'debug' : 'warn');

const logTo =
  (log: KafkaClientOptions['log']): NonNullable<KafkaConfig['logCreator']> =>
  () =>
  ({ namespace, log: { message, timestamp: _, logger: __, ...details } }) => {
    if (log === undefined || expected.test(message)) return;
    log({ level: levelOf(namespace), message, details: { part: namespace, ...details } });
  };
