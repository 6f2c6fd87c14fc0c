import { type CommandError, convertToCommandError, ErrorType, isCommandError } from '@eventstore/db-client';
import { LogUnavailableError } from '../../projections/ports.ts';

/** gRPC's numbers for what the client has no name for. */
const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const INTERNAL = 13;

/** No node of a cluster could be asked: the client throws a plain error for that. */
const NOTHING_FOUND = 'Failed to discover';

/** Some of the client's errors come as gRPC made them. */
function commandError(error: unknown): CommandError | undefined {
  if (!(error instanceof Error)) return undefined;
  const converted = convertToCommandError(error);
  return isCommandError(converted) ? converted : undefined;
}

/** Whether the same call may succeed in a moment: a lost connection, an election, a server that is starting. */
export function isPassing(error: unknown): boolean {
  const command = commandError(error);
  if (command === undefined) return error instanceof Error && error.message.startsWith(NOTHING_FOUND);
  switch (command.type) {
    case ErrorType.UNAVAILABLE:
    case ErrorType.CANCELLED:
    case ErrorType.NOT_LEADER:
    case ErrorType.TIMEOUT:
      return true;
    case ErrorType.UNKNOWN:
      return command.code === UNKNOWN || command.code === INTERNAL;
    default:
      return false;
  }
}

const isDeadline = (error: unknown): boolean => commandError(error)?.type === ErrorType.DEADLINE_EXCEEDED;

export const isNotFound = (error: unknown): boolean =>
  commandError(error)?.type === ErrorType.STREAM_NOT_FOUND;

/** The stream's last revision, -1 where there is none; undefined when the error is another one. */
export function actualRevision(error: unknown): number | undefined {
  const command = commandError(error);
  if (command?.type !== ErrorType.WRONG_EXPECTED_VERSION) return undefined;
  const { actualVersion } = command;
  return typeof actualVersion === 'bigint' ? Number(actualVersion) : -1;
}

/** What the client throws, in the words of the log's port. */
export function unavailable(error: unknown, hosts: string): LogUnavailableError {
  if (error instanceof LogUnavailableError) return error;
  const cause = { cause: error };
  if (isPassing(error) || isDeadline(error)) {
    return new LogUnavailableError(
      'unreachable',
      `The event store at ${hosts} does not answer: ${tell(error)}`,
      cause,
    );
  }
  return new LogUnavailableError('failed', `The event store at ${hosts} refused: ${refusal(error)}`, cause);
}

export const unreachable = (hosts: string, what: string): LogUnavailableError =>
  new LogUnavailableError('unreachable', `The event store at ${hosts} does not answer: ${what}`);

function refusal(error: unknown): string {
  const command = commandError(error);
  switch (command?.type) {
    case ErrorType.ACCESS_DENIED:
      return 'its user name or password is wrong, or may not do this';
    case ErrorType.STREAM_DELETED:
      return `${tell(error)}; a stream that was tombstoned takes no events`;
    case ErrorType.UNKNOWN:
      return command?.code === INVALID_ARGUMENT
        ? `${tell(error)} (an event may be larger than the server takes)`
        : tell(error);
    default:
      return tell(error);
  }
}

const tell = (error: unknown): string => (error instanceof Error ? error.message : String(error));
