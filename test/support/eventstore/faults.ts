import { Metadata, status } from '@grpc/grpc-js';

/** What an append meets: refused before it is carried out, or its answer lost after it. */
export type AppendFault =
  | 'unavailable'
  | 'not leader'
  | 'timed out'
  | 'stalled'
  | 'stored but unavailable'
  | 'stored but stalled';

export interface Faults {
  /** Asked for every append. */
  append?: (stream: string) => AppendFault | undefined;
  /** Asked for every read and subscription as it is begun. */
  read?: (what: string) => 'unavailable' | 'stalled' | undefined;
}

export interface Failure {
  code: status;
  details: string;
  metadata: Metadata;
}

function failure(code: status, details: string, told: Record<string, string> = {}): Failure {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(told)) metadata.set(name, value);
  return { code, details, metadata };
}

export const unavailable = (): Failure => failure(status.UNAVAILABLE, 'Server Is Not Ready');

export const timedOut = (): Failure => failure(status.ABORTED, 'Operation timed out: commit timeout');

export const notLeader = (host: string, port: number): Failure =>
  failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });

export const appendTooLarge = (most: number): Failure =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${most} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(most),
  });

export const invalidPosition = (): Failure =>
  failure(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.');

export const accessDenied = (): Failure =>
  failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });

export const unimplemented = (): Failure =>
  failure(status.UNIMPLEMENTED, 'The stand-in does not answer this call.');
