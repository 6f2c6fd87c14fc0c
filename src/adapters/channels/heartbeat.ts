import { defaultTimeoutMs, type Outcome, request, succeeded, userAgentOf } from './http.ts';

export interface HeartbeatOptions {
  url: string;
  everyMs: number;
  /** Whether alerts are being decided. When they are not, nothing is sent, and the watcher outside raises its own alarm. */
  alive: () => boolean;
  /** Sent along, for people who look at the watcher. */
  state: () => object;
  /** Of the program. */
  version: string;
  /** Told of each beat that was not taken. */
  onFault: (reason: string) => void;
  timeoutMs?: number;
}

export interface Heartbeat {
  close(): Promise<void>;
}

/** A dead man's switch: somebody outside hears from us, and notices when they no longer do. */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { everyMs, alive, state, version, onFault } = options;
  const timeoutMs = Math.min(options.timeoutMs ?? defaultTimeoutMs, everyMs);
  const address = new URL(options.url);
  const stop = new AbortController();
  let method: 'POST' | 'GET' = 'POST';
  let beating: Promise<void> = Promise.resolve();

  const send = (): Promise<Outcome> =>
    request(address, {
      method,
      signal: stop.signal,
      timeoutMs,
      headers: {
        'user-agent': userAgentOf(version),
        ...(method === 'POST' && { 'content-type': 'application/json' }),
      },
      ...(method === 'POST' && { body: JSON.stringify(state()) }),
    });

  const beat = async (): Promise<void> => {
    if (!alive()) return;
    let outcome = await send();
    // Some watchers take a GET only, and say of a POST that there is no such page.
    if (method === 'POST' && outcome.kind === 'answer' && [404, 405].includes(outcome.status)) {
      method = 'GET';
      outcome = await send();
      if (outcome.kind === 'refused' || !succeeded(outcome)) method = 'POST';
    }
    if (stop.signal.aborted) return;
    if (outcome.kind === 'refused') onFault(outcome.reason);
    else if (!succeeded(outcome)) onFault(`status ${outcome.status}`);
  };

  let busy = false;
  const begin = () => {
    if (busy) return;
    busy = true;
    beating = beat()
      .catch((error: unknown) => onFault(error instanceof Error ? error.message : 'failed'))
      .finally(() => {
        busy = false;
      });
  };
  begin();
  const timer = setInterval(begin, everyMs);
  timer.unref();

  return {
    close: async () => {
      clearInterval(timer);
      stop.abort();
      await beating;
    },
  };
}
