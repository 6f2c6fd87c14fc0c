import { alertStream } from '../../domain/alerts/identity.ts';
import { isStep } from '../../domain/alerts/processor/judged.ts';
import type { EventData } from '../../domain/events/catalogue.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { EventLog } from '../ports.ts';
import type { MessageAlert } from './ports.ts';

type Named = EventData<'NotificationRequested'>['alerts'][number];

/** How an alert fired and how it stands, from the log; undefined when the log has forgotten it. */
export async function alertDetails(
  log: Pick<EventLog, 'readStream'>,
  project: string,
  { episode, rule, labels }: Named,
): Promise<MessageAlert | undefined> {
  let alert: MessageAlert | undefined;
  for await (const events of log.readStream(alertStream(project, rule, labels))) {
    for (const event of events) alert = next(alert, event, episode);
  }
  return alert;
}

function next(
  alert: MessageAlert | undefined,
  event: RecordedEvent,
  episode: string,
): MessageAlert | undefined {
  if (!isStep(event) || event.data.episode !== episode) return alert;
  if (event.type === 'AlertFired') {
    const { severity, evidence } = event.data;
    return { fired: event.data, evidence, state: 'firing', severity };
  }
  if (alert === undefined) return undefined;
  // An amendment tells of the window of then, which is not the newest any more.
  const evidence = event.type === 'AlertAmended' ? undefined : event.data.evidence;
  const present = evidence === undefined ? alert : { ...alert, evidence };
  switch (event.type) {
    case 'AlertSeverityChanged':
      return { ...present, severity: event.data.severity };
    case 'AlertRecoveryBegan':
      return { ...present, state: 'recovering' };
    case 'AlertRelapsed':
      return { ...present, state: 'firing' };
    case 'AlertResolved':
      return { ...present, state: 'resolved', resolvedAt: event.data.at };
    default:
      return present;
  }
}
