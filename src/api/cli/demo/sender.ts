import { setTimeout as wait } from 'node:timers/promises';
import type { SimulatedEvent } from '../../../domain/simulation/requests.ts';
import { CommandError } from '../exit.ts';

/** Sends events as any program would: through the HTTP door, with a key. */
export interface Sender {
  /** Resolves when all are on disk. */
  send(events: readonly SimulatedEvent[], signal: AbortSignal): Promise<void>;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;

export function createSender({ address, key }: { address: string; key: string }): Sender {
  const url = new URL('/v1/events', address);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' };

  /** How long to pause before the next try, or undefined when it was taken. */
  async function attempt(body: string, signal: AbortSignal, pauseMs: number): Promise<number | undefined> {
    let response: Response;
    try {
      response = await fetch(url, { method: 'POST', headers, body, signal });
    } catch {
      signal.throwIfAborted();
      return pauseMs;
    }
    const answer = await response.text();
    if (response.ok) return undefined;
    if (response.status !== 429 && response.status < 500) {
      throw new CommandError(
        'events_refused',
        `${url} refused the simulated events (${response.status}): ${answer}`,
      );
    }
    const asked = Number(response.headers.get('retry-after'));
    return asked > 0 ? asked * 1000 : pauseMs;
  }

  return {
    async send(events, signal) {
      const body = events.map((event) => JSON.stringify(event)).join('\n');
      // The same ids again: what arrived before the line broke counts once.
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
        const pause = await attempt(body, signal, pauseMs);
        if (pause === undefined) return;
        await wait(pause, undefined, { signal });
      }
    },
  };
}
