import type { RecordedEvent } from '../events/envelope.ts';
import type { Fault } from '../fingerprint.ts';

/** What went wrong, in the words that its group is found by; undefined for an event that tells of no fault. */
export function faultOf(event: RecordedEvent): Fault | undefined {
  if (event.type === 'ErrorCaptured') return inWords(event.data, event.data.message);
  if (event.type !== 'RequestCompleted' || event.data.status === 'success') return undefined;
  const { errorMessage, errorCode, operation, status } = event.data;
  // A failure without a word about itself is still one group per operation and outcome.
  return inWords(event.data, errorMessage ?? errorCode ?? `${operation}: ${status}`);
}

const inWords = (
  { errorCode, stack }: { errorCode?: string | undefined; stack?: string | undefined },
  message: string,
): Fault => ({
  message,
  ...(errorCode === undefined ? {} : { errorCode }),
  ...(stack === undefined ? {} : { stack }),
});
