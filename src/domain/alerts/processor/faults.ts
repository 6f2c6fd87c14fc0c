import type { RecordedEvent } from '../../events/envelope.ts';
import { faultOf } from '../../fingerprint/faultOf.ts';
import { fingerprintOf } from '../../fingerprint.ts';

/** What went wrong in an event, with the fingerprint of its group. */
export interface GroupedFault {
  fingerprint: string;
  errorCode: string | undefined;
  message: string;
}

export type ReadFault = (event: RecordedEvent) => GroupedFault | undefined;

const remembered = 2_000;

/**
 * Most faults repeat to the letter, and a fingerprint takes longer than all else that is done with an event; the same
 * text always has the same one, so remembering changes nothing.
 */
export function createFaultReader(): ReadFault {
  const known = new Map<string, GroupedFault>();
  return (event) => {
    const fault = faultOf(event);
    if (fault === undefined) return undefined;
    const text = `${fault.errorCode ?? ''}\n${fault.message}\n${fault.stack ?? ''}`;
    const before = known.get(text);
    if (before !== undefined) return before;
    const { fingerprint, title } = fingerprintOf(fault);
    const read: GroupedFault = { fingerprint, errorCode: fault.errorCode, message: title };
    if (known.size >= remembered) known.clear();
    known.set(text, read);
    return read;
  };
}
