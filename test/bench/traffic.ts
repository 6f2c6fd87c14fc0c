/**
 * Lifelike traffic in the contract's short form, the same bytes for the same seed: requests of five operations with
 * users and request ids, a few failing, and beside them errors, logs, spans and metrics.
 */

const operations = ['search', 'github_sync', 'file_save', 'db_query', 'api_call'] as const;
const threeServices: readonly string[] = ['bot', 'worker', 'api'];
const failures = [
  ['ETIMEDOUT', 'connect ETIMEDOUT 10.0.3.17:5432 after 5000 ms'],
  ['GITHUB_403', 'API rate limit exceeded for installation 4711'],
  ['POOL', 'timeout exceeded when trying to connect: pool of 20 in use'],
] as const;

export interface TrafficOptions {
  seed: number;
  /** Time of the first event, epoch milliseconds. */
  start: number;
  eventsPerSecond: number;
  /** Lanes are filled by service: three of them are not enough to fill many. */
  services?: readonly string[];
}

/** Makes NDJSON bodies, one after the other. */
export function createTraffic(options: TrafficOptions) {
  const random = mulberry32(options.seed);
  const { services = threeServices } = options;
  const stepMs = 1000 / options.eventsPerSecond;
  let made = 0;
  const hex = (digits: number) => {
    let text = '';
    while (text.length < digits)
      text += Math.floor(random() * 0x1_0000)
        .toString(16)
        .padStart(4, '0');
    return text.slice(0, digits);
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

  function event(): object {
    const time = Math.round(options.start + made * stepMs);
    const service = pick(services);
    const operation = pick(operations);
    const requestId = `req-${hex(10)}`;
    const userId = `u${Math.floor(random() * 4000)}`;
    const base = { time, service, operation, requestId, userId };
    const kind = made++ % 20;
    if (kind === 17) {
      return {
        type: 'log',
        ...base,
        level: 'info',
        message: `${operation} served ${Math.floor(random() * 900)} rows from cache`,
      };
    }
    if (kind === 18) {
      return {
        type: 'metric',
        time,
        service,
        name: 'queue_depth',
        metricType: 'gauge',
        value: Math.floor(random() * 100),
      };
    }
    if (kind === 19 && random() < 0.3) {
      const [errorCode, errorMessage] = pick(failures);
      return { type: 'error', ...base, errorCode, errorMessage, level: 'error' };
    }
    const durationMs = Math.round(Math.exp(3 + 1.2 * gauss(random)) * 100) / 100;
    if (random() < 0.03) {
      const [errorCode, errorMessage] = pick(failures);
      return { type: 'request', ...base, status: 'error', durationMs, errorCode, errorMessage };
    }
    return { type: 'request', ...base, status: 'success', durationMs };
  }

  return {
    /** The next `count` events as one NDJSON body. */
    body(count: number): Buffer {
      let text = '';
      for (let i = 0; i < count; i++) text += `${JSON.stringify(event())}\n`;
      return Buffer.from(text);
    },
  };
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const gauss = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
