import type { Channel, Delivery, Message } from './ports.ts';

/** Runs it once after so many milliseconds, unless it is cancelled before. */
export type Schedule = (ms: number, run: () => void) => () => void;

export const realTime: Schedule = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** A message that has had no answer for so long counts as refused. */
export const sendTimeoutMs = 60_000;
/** What a channel gets to end what was aborted. */
export const graceMs = 1_000;

/** True when it has ended within the time and before the stop; a failure of it is the caller's to see. */
export function endsWithin(
  work: Promise<unknown>,
  ms: number,
  schedule: Schedule,
  stop?: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ended: boolean) => {
      cancel();
      stop?.removeEventListener('abort', cut);
      resolve(ended);
    };
    const cut = () => settle(false);
    const cancel = schedule(ms, cut);
    stop?.addEventListener('abort', cut);
    work.then(
      () => settle(true),
      () => settle(true),
    );
    if (stop?.aborted) cut();
  });
}

const noAnswer: Delivery = {
  kind: 'refused',
  reason: `no answer within ${sendTimeoutMs / 1_000} s`,
  permanent: false,
};

/** What the receiver itself must have said, and so no guess about a connection that was cut. */
const isAnswer = (delivery: Delivery): boolean =>
  delivery.kind === 'delivered' || delivery.permanent || delivery.retryAfterMs !== undefined;

/** `unknown` when it was stopped and may have been sent: nobody can tell. */
export async function sendWithin(
  channel: Channel,
  message: Message,
  { stop, schedule }: { stop: AbortSignal; schedule: Schedule },
): Promise<Delivery | 'unknown'> {
  const abort = new AbortController();
  let answer: Delivery | undefined;
  const sending = carefully(channel, message, abort.signal).then((delivery) => {
    answer = delivery;
  });
  await endsWithin(sending, sendTimeoutMs, schedule, stop);
  if (answer !== undefined) return answer;
  abort.abort();
  await endsWithin(sending, graceMs, schedule);
  const late = answer as Delivery | undefined;
  if (late !== undefined && isAnswer(late)) return late;
  return stop.aborted ? 'unknown' : noAnswer;
}

/** A channel that breaks its promise not to throw costs its own message an attempt, and nothing else. */
async function carefully(channel: Channel, message: Message, signal: AbortSignal): Promise<Delivery> {
  try {
    return await channel.send(message, signal);
  } catch (error) {
    return { kind: 'refused', reason: error instanceof Error ? error.message : 'failed', permanent: false };
  }
}
