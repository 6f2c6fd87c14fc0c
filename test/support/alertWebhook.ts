import { startReceiver } from './channels/receiver.ts';
import type { LiveEngine } from './liveEngine.ts';
import { adminKey } from './liveEngine.ts';
import type { Answer } from './reads.ts';

/** One notification as a program gets it. */
export interface Told {
  at: number;
  signature: string;
  text: string;
  body: Answer;
}

/** A receiver that takes every notification, and whose answers can be held back. */
export async function openWebhook() {
  const told: Told[] = [];
  const listeners = new Set<() => void>();
  const receiver = await startReceiver(({ headers, body }, response) => {
    const signature = String(headers['chronoscope-signature'] ?? '');
    told.push({ at: Date.now(), signature, text: body, body: JSON.parse(body) });
    for (const listener of listeners) listener();
    response.end('ok');
  });
  /** Resolves with the first one that fits, whether it has come already or is still to come. */
  const first = (fits: (body: Answer) => boolean): Promise<Told> =>
    new Promise((resolve) => {
      const look = () => {
        const found = told.find(({ body }) => fits(body));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  return { url: receiver.url, told, first };
}

export const firingOf =
  (service: string, state = 'firing') =>
  (body: Answer): boolean =>
    body.alerts.some((alert: Answer) => alert.labels.service === service && alert.state === state);

export async function ask(
  { origin }: LiveEngine,
  path: string,
  init: { method?: string; body?: unknown; type?: string } = {},
): Promise<{ status: number; body: Answer }> {
  const { method = 'GET', body, type = 'application/json' } = init;
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

/** Resolves when alerts have been decided and told up to the head of the log as it is now. */
export async function settled(engine: LiveEngine): Promise<void> {
  for (;;) {
    const { body } = await ask(engine, '/v1/positions');
    const hasRead = body.alerts.lagEvents === 0 && body.notifications.lagEvents === 0;
    if (hasRead && !(await isTelling(engine))) return;
  }
}

/** What has arrived a moment ago may not be recorded as delivered yet. */
async function isTelling({ origin }: LiveEngine): Promise<boolean> {
  const answer = await fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
  return /^chronoscope_notifications_waiting\{.*\} [1-9]/m.test(await answer.text());
}

export const requestsOf = (
  service: string,
  count: number,
  failing: (index: number) => boolean,
  more: object = {},
): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      type: 'request',
      service,
      operation: 'search',
      durationMs: 20,
      status: failing(index) ? 'error' : 'success',
      ...(failing(index) ? { errorCode: 'BOOM', errorMessage: 'it broke' } : {}),
      ...more,
    }),
  ).join('\n');
