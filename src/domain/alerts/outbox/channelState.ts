import { breakerFailures, waitAfter } from './retry.ts';

/** How a channel has answered of late; one that works has none. */
export interface ChannelState {
  /** Temporary refusals since it last took one or refused one for good. */
  failures: number;
  pausedUntil: number;
}

/** From then on it is probed with one message at a time, instead of each message trying for itself. */
export const isBroken = (state: ChannelState | undefined): boolean =>
  state !== undefined && state.failures >= breakerFailures;

export function readyAt(state: ChannelState | undefined, { dueAt }: { dueAt: number }): number {
  if (state === undefined) return dueAt;
  return isBroken(state) ? state.pausedUntil : Math.max(dueAt, state.pausedUntil);
}

export function afterRefusal(
  before: ChannelState | undefined,
  refused: { channel: string; at: number; pausedUntil: number | undefined },
): ChannelState {
  const failures = (before?.failures ?? 0) + 1;
  const probeAt = failures < breakerFailures ? 0 : refused.at + waitAfter(failures, refused.channel);
  return { failures, pausedUntil: Math.max(probeAt, refused.pausedUntil ?? 0) };
}
