import { connect } from 'node:net';
import { type Check, type Finding, ok, problem, warning } from './check.ts';

interface Service {
  name: string;
  host: string;
  port: number;
  /** Without it the engine serves all the same. */
  optional: boolean;
}

const patienceMs = 3_000;
/** What an address without a port means, whoever listens there. */
const webPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

export const services: Check = async ({ settings }): Promise<Finding[]> => {
  if (settings === undefined) return [];
  const { log, feed, read, redisUrl } = settings;
  const wanted = [
    ...named('event store', log, 2113, false),
    ...named('Kafka', feed, 9092, false),
    ...named('ClickHouse', read, 8123, false),
    ...named('Redis', redisUrl ?? '', 6379, true),
  ];
  return Promise.all(wanted.map(look));
};

/** The hosts of an address such as `kafka://a:9092,b:9092`; none for what is embedded. */
function named(name: string, address: string, defaultPort: number, optional: boolean): Service[] {
  const [, scheme = '', hosts = ''] = /^([a-z+]+):\/\/(?:[^@/]*@)?([^/?]+)/.exec(address) ?? [];
  return hosts
    .split(',')
    .filter((each) => each !== '')
    .map((each) => {
      const [, host = each, port] = /^(.*?)(?::(\d+))?$/.exec(each) ?? [];
      const fallback = webPorts[scheme] ?? defaultPort;
      return { name, host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? fallback), optional };
    });
}

async function look({ name, host, port, optional }: Service): Promise<Finding> {
  const refused = await tryConnecting(host, port);
  if (refused === undefined) return ok(name, `${host}:${port} answers`);
  const message = `${host}:${port} cannot be reached (${refused})`;
  if (optional) return warning(name, message, 'Limits are counted in this process alone until it is back.');
  return problem(name, message, 'Start it, or correct its address in the configuration.');
}

function tryConnecting(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
