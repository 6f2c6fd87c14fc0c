import type { EventData } from '../../events/catalogue.ts';

/** With more than these waiting for one channel, what is out of date is not sent any more. */
export const fewWaiting = 3;

export type Request = EventData<'NotificationRequested'>;

/** Whose members know of each other: a later notification tells how the whole group stands. */
export const groupOf = ({ channel, group }: Request): string => `${channel}\n${group}`;

export const allResolved = ({ alerts, more }: Request): boolean =>
  more === 0 && alerts.length > 0 && alerts.every(({ state }) => state === 'resolved');

interface Queued {
  request: Request;
  /** Waits for nothing but its turn; nobody is at work on it. */
  free: boolean;
}

/**
 * Which notifications of one channel, oldest first, need not be sent, and why. `told` holds the groups of which
 * somebody may know an alert that is not resolved.
 */
export function outdated(
  waiting: readonly Queued[],
  told: ReadonlySet<string>,
): { request: Request; reason: string }[] {
  const groups = new Map<string, Queued[]>();
  for (const one of waiting) {
    const group = groupOf(one.request);
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return [...groups].flatMap(([group, members]) => outdatedOf(members, told.has(group)));
}

function outdatedOf(members: readonly Queued[], told: boolean): { request: Request; reason: string }[] {
  const newest = members.at(-1);
  if (newest === undefined) return [];
  const reason = `superseded by ${newest.request.notification}`;
  const older = members.filter((one) => one !== newest && one.free);
  const closed = older.map(({ request }) => ({ request, reason }));
  // One that is under way may yet tell of the alert, and then its end has to be told too.
  const unknown = !told && members.every(({ free }) => free);
  return unknown && allResolved(newest.request)
    ? [...closed, { request: newest.request, reason: 'resolved before anybody was told of it' }]
    : closed;
}
