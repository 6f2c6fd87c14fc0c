import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedKafka, type KafkaVersion } from './installed.ts';

export interface Broker {
  readonly brokers: readonly string[];
  start(): Promise<void>;
  /** As an operator stops it: what it holds is on disk, and clients are told. */
  stop(): Promise<void>;
  /** As a machine that loses its power. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** Small and quick to start; what it promises its clients is as in earnest. */
const javaOptions = [
  ...['-Xmx512m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
  ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-Dorg.slf4j.simpleLogger.log.kafka.server=info'],
];
const clusterId = 'Q2hyb25vc2NvcGVUZXN0cw';

export interface BrokerOptions {
  /** A port that it sends its clients to instead of its own. */
  advertised?: number;
  /** Whom alone it lets in, by SCRAM-SHA-512. */
  user?: { username: string; password: string };
  /** How long it waits for more members before it shares the lanes out for the first time. */
  firstShareMs?: number;
  among?: Among;
}

/** Its number among several, from 1 on, and the ports by which they all agree among themselves. */
interface Among {
  node: number;
  controllers: readonly number[];
}

/** Several that hold everything each. */
export async function createBrokers(version: KafkaVersion, count: number): Promise<Broker[]> {
  const controllers: number[] = [];
  while (controllers.length < count) controllers.push(await freePort());
  return await Promise.all(
    controllers.map((_, index) => createBroker(version, { among: { node: index + 1, controllers } })),
  );
}

/** A real broker, not yet started, at addresses that stay the same whenever it is started again. */
export async function createBroker(version: KafkaVersion, options: BrokerOptions = {}): Promise<Broker> {
  const installed = installedKafka(version);
  if ('missing' in installed) throw new Error(installed.missing);
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-kafka-'));
  const port = await freePort();
  const among = options.among ?? { node: 1, controllers: [await freePort()] };
  const settings = join(folder, 'server.properties');
  const java = (main: string, ...more: string[]): ChildProcess =>
    spawn('java', [...javaOptions, '-cp', join(installed.folder, '*'), main, ...more], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let child: ChildProcess | undefined;
  let isFormatted = false;

  const format = async (): Promise<void> => {
    await mkdir(join(folder, 'data'));
    await writeFile(settings, properties(folder, port, { ...options, among }));
    const { user } = options;
    const scram =
      user === undefined
        ? []
        : ['--add-scram', `SCRAM-SHA-512=[name=${user.username},password=${user.password}]`];
    const said = keepSaid(
      java('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings, ...scram),
    );
    if ((await said.ended) !== 0) throw new Error(`Kafka could not be set up: ${said.text()}`);
    isFormatted = true;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    await ended;
  };
  return {
    brokers: [`127.0.0.1:${port}`],
    async start() {
      if (!isFormatted) await format();
      child = java('kafka.Kafka', settings);
      const said = keepSaid(child);
      await Promise.race([
        said.says(/Kafka Server started/),
        said.ended.then(() => Promise.reject(new Error(`Kafka did not start: ${said.text()}`))),
      ]);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async remove() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const properties = (
  folder: string,
  port: number,
  {
    advertised = port,
    user,
    firstShareMs = 0,
    among: { node, controllers },
  }: BrokerOptions & { among: Among },
): string => `
process.roles=broker,controller
node.id=${node}
controller.quorum.voters=${controllers.map((one, index) => `${index + 1}@127.0.0.1:${one}`).join(',')}
listeners=CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllers[node - 1]}
advertised.listeners=CLIENTS://127.0.0.1:${advertised}
inter.broker.listener.name=CLIENTS
listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENTS:${user === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT'}
${user === undefined ? '' : signingIn(user)}
controller.listener.names=CONTROLLER
log.dirs=${join(folder, 'data')}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=${controllers.length}
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=${controllers.length}
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=${firstShareMs}
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.dedupe.buffer.size=2097152
`;

const signingIn = ({ username, password }: { username: string; password: string }): string => `
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="${username}" password="${password}";
`;

/** Its output, of which it keeps the end. */
function keepSaid(child: ChildProcess) {
  let text = '';
  const listeners = new Set<() => void>();
  const add = (chunk: Buffer): void => {
    text = (text + chunk).slice(-MOST_KEPT);
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return {
    text: () => text,
    ended: once(child, 'exit').then(([code]) => code as number | null),
    says: (pattern: RegExp) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!pattern.test(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}

const MOST_KEPT = 20_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
