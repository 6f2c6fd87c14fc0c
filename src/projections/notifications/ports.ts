import type { EventData } from '../../domain/events/catalogue.ts';

/** What goes out over a channel: what was requested, with the details of the alerts that it names. */
export interface Message {
  /** The same for every attempt, so that a receiver can tell a repetition. */
  id: string;
  project: string;
  requestedAt: number;
  request: EventData<'NotificationRequested'>;
  alerts: readonly MessageAlert[];
}

/** One alert of a message: how it fired, and how it stands. */
export interface MessageAlert {
  fired: EventData<'AlertFired'>;
  /** The newest evidence there is. */
  evidence: EventData<'AlertFired'>['evidence'];
  state: 'firing' | 'recovering' | 'resolved';
  severity: EventData<'AlertFired'>['severity'];
  resolvedAt?: number;
  acknowledgedBy?: string;
}

export type Delivery =
  | { kind: 'delivered'; answer?: string }
  /** `permanent` means that another attempt would be refused likewise. */
  | { kind: 'refused'; reason: string; permanent: boolean; retryAfterMs?: number };

/** One way to tell people. It never throws: whatever goes wrong is a refusal. */
export interface Channel {
  /** As routes call it: `telegram`, or `slack:ops` where there are several of a kind. */
  readonly name: string;
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
  close(): Promise<void>;
}
