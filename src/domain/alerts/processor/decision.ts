import { currentVersion, type EventData, type EventType } from '../../events/catalogue.ts';
import type { NewEvent } from '../../events/envelope.ts';
import type { Fact, Subject } from '../alert.ts';
import { alertStream, idFrom, labelsText } from '../identity.ts';

/** Something that the processor has decided, on its way into the log. */
export interface Decision {
  stream: string;
  event: NewEvent;
}

/** The engine speaks for the service that an alert is about, so that who follows a service sees its alerts. */
export const engineService = 'chronoscope';

export function eventOf<T extends EventType>(
  type: T,
  data: EventData<T>,
  about: { id: string; at: number; project: string; service?: string | undefined },
): NewEvent {
  const { id, at: occurredAt, project, service = engineService } = about;
  // The type parameter ties both together; the compiler loses that in the union.
  return { id, type, version: currentVersion[type], occurredAt, project, service, data } as NewEvent;
}

/** The same decision has the same id, whoever makes it again. */
export function stepDecision<T extends EventType>(
  type: T,
  data: EventData<T>,
  { rule, project, labels }: Subject,
  { episode, number, at }: Pick<Fact, 'episode' | 'number' | 'at'>,
): Decision {
  const id = idFrom(JSON.stringify([project, rule.name, rule.version, labelsText(labels), episode, number]));
  const service = labels.service || undefined;
  return {
    stream: alertStream(project, rule.name, labels),
    event: eventOf(type, data, { id, at, project, service }),
  };
}
