import { currentVersion, type EventData } from '../../events/catalogue.ts';
import type { NewEvent } from '../../events/envelope.ts';
import { idFrom } from '../identity.ts';
import type { Waiting } from '../outbox.ts';

type End = 'NotificationAttempted' | 'NotificationDelivered' | 'NotificationRefused';
type Told<T extends End> = Omit<EventData<T>, 'notification' | 'channel' | 'attempt'>;

const longestAnswer = 500;
const longestReason = 1_000;

interface Attempt {
  waiting: Waiting;
  attempt: number;
}

/** The id follows from what is told, so that telling it again after a crash or an unclear append changes nothing. */
const envelope = ({ waiting, attempt }: Attempt, type: End, occurredAt: number) => ({
  id: idFrom(`${waiting.request.notification}\n${attempt}\n${type}`),
  version: currentVersion[type],
  occurredAt,
  project: waiting.project,
  service: 'chronoscope',
});

const which = ({ waiting: { request }, attempt }: Attempt) => ({
  notification: request.notification,
  channel: request.channel,
  attempt,
});

export const attempted = (one: Attempt, now: number): NewEvent => ({
  ...envelope(one, 'NotificationAttempted', now),
  type: 'NotificationAttempted',
  data: which(one),
});

export const delivered = (one: Attempt, now: number, told: Told<'NotificationDelivered'>): NewEvent => ({
  ...envelope(one, 'NotificationDelivered', now),
  type: 'NotificationDelivered',
  data: {
    ...which(one),
    ...told,
    ...(told.answer === undefined ? {} : { answer: told.answer.slice(0, longestAnswer) }),
  },
});

export const refused = (one: Attempt, now: number, told: Told<'NotificationRefused'>): NewEvent => ({
  ...envelope(one, 'NotificationRefused', now),
  type: 'NotificationRefused',
  data: { ...which(one), ...told, reason: told.reason.slice(0, longestReason) },
});
