import type { Matcher } from '../../domain/alerts/rule.ts';
import { and } from '../sql.ts';
import { type Presence, presenceOf } from './alerts.ts';
import type { Reader } from './reader.ts';
import { micros } from './selection.ts';

export const silenceStates = ['active', 'future', 'expired'] as const;

/** Times are epoch milliseconds. */
export interface FoundSilence {
  id: string;
  matchers: Matcher[];
  from: number;
  until: number;
  by: string;
  comment: string;
  createdAt: number;
  ended: { by: string; at: number } | undefined;
  state: (typeof silenceStates)[number];
}

interface Row {
  silence: string;
  matchers: string;
  starts: string;
  ends: string;
  actor: string;
  comment: string;
  created: string;
  ended: string;
  ended_by: string;
}

/** Every silence that was made, the newest first; `now` tells which of them hold. */
export async function readSilences(reader: Reader, presence: Presence, now: number): Promise<FoundSilence[]> {
  const made = (column: string) => `argMinIf(s.${column}, s.position, s.type = 'made')`;
  const rows = await reader.rows<Row>(
    (
      table,
    ) => `SELECT s.silence AS silence, ${made('matchers')} AS matchers, ${micros(made('starts_at'))} AS starts,
  ${micros(made('ends_at'))} AS ends, ${made('actor')} AS actor, ${made('comment')} AS comment,
  ${micros(made('time'))} AS created, ${micros("minIf(s.time, s.type = 'ended')")} AS ended, argMinIf(s.actor, s.position, s.type = 'ended') AS ended_by
FROM ${table('silence_steps')} AS s WHERE ${and(presenceOf(presence, 's.')).text}
GROUP BY s.silence HAVING countIf(s.type = 'made') > 0 ORDER BY created DESC, silence`,
  );
  return rows.map((row) => silenceOf(row, now));
}

function silenceOf(row: Row, now: number): FoundSilence {
  const from = Number(row.starts) / 1_000;
  const until = Number(row.ends) / 1_000;
  const ended = row.ended === '0' ? undefined : { by: row.ended_by, at: Number(row.ended) / 1_000 };
  return {
    id: row.silence,
    matchers: JSON.parse(row.matchers) as Matcher[],
    from,
    until,
    by: row.actor,
    comment: row.comment,
    createdAt: Number(row.created) / 1_000,
    ended,
    state: ended !== undefined || until <= now ? 'expired' : from > now ? 'future' : 'active',
  };
}
