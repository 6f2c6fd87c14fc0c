import type { MuteTime } from '../rule.ts';

/** A stretch of the week on the clocks of a time zone, whatever they do when summer time begins or ends. */
export interface MuteClock {
  name: string;
  covers(at: number): boolean;
  /** When it is over that covers `at`; undefined when it never is. */
  endAfter(at: number): number | undefined;
}

const minuteMs = 60_000;
const dayMinutes = 1_440;
/** No zone changes its offset in the middle of one. */
const steadyMs = 15 * minuteMs;
/** What lasts longer than a week has no end. */
const longestMs = 8 * 86_400_000;
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

interface Local {
  weekday: number;
  minute: number;
}

export function muteClock(mute: MuteTime): MuteClock {
  const local = localTime(mute.timeZone);
  const covers = (at: number): boolean => isWithin(mute, local(at));
  return { name: mute.name, covers, endAfter: (at) => endOf(mute, at, covers, local) };
}

function localTime(timeZone: string): (at: number) => Local {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
    return { weekday: weekdays.indexOf(parts.get('weekday') ?? ''), minute };
  };
}

function isWithin({ weekdays: days, from, to }: MuteTime, { weekday, minute }: Local): boolean {
  const on = (day: number): boolean => days.length === 0 || days.includes(day);
  if (from < to) return on(weekday) && from <= minute && minute < to;
  // The hours past midnight belong to the day on which the stretch began.
  return (on(weekday) && minute >= from) || (on((weekday + 6) % 7) && minute < to);
}

function endOf(
  { to }: MuteTime,
  from: number,
  covers: (at: number) => boolean,
  local: (at: number) => Local,
): number | undefined {
  let at = from;
  while (at < from + longestMs) {
    if (!covers(at)) return at;
    const minutesLeft = (to - local(at).minute + dayMinutes) % dayMinutes || dayMinutes;
    const boundary = Math.floor(at / minuteMs) * minuteMs + minutesLeft * minuteMs;
    at = Math.min(boundary, (Math.floor(at / steadyMs) + 1) * steadyMs);
  }
  return undefined;
}

/** When none of them covers the time any more. */
export function mutedUntil(clocks: readonly MuteClock[], from: number): number | undefined {
  let at = from;
  while (at < from + longestMs) {
    const covering = clocks.find((clock) => clock.covers(at));
    if (covering === undefined) return at;
    const end = covering.endAfter(at);
    if (end === undefined) return undefined;
    at = end;
  }
  return undefined;
}
