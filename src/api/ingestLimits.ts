import { ChronoscopeError } from '../domain/errors.ts';

export interface IngestLimits {
  /** Events that wait for the log at one time; what would go beyond is refused, so that memory stays bounded. */
  maxPendingEvents: number;
  /** Bytes of requests in hand at one time, from the first byte read to the answer. */
  maxPendingBytes: number;
  maxEventsPerRequest: number;
}

export const defaultIngestLimits: IngestLimits = {
  maxPendingEvents: 50_000,
  maxPendingBytes: 32 * 1024 * 1024,
  maxEventsPerRequest: 20_000,
};

export interface IngestStats {
  accepted: number;
  duplicates: number;
  rejected: number;
  /** Requests sent back with 503 because the log was behind. */
  refusedRequests: number;
  pendingEvents: number;
  pendingBytes: number;
}

/** A share of the bytes in hand; `grow` before the bytes are kept, `release` when the request is answered. */
export interface ByteLease {
  grow(bytes: number): void;
  release(): void;
}

export const overloaded = (what: string) =>
  new ChronoscopeError(
    'CHR_LOG_UNAVAILABLE',
    `The event log is behind: ${what}. Send it again in a moment.`,
    {
      details: { reason: 'behind' },
      retryAfterSeconds: 1,
    },
  );

export function createLease(
  stats: IngestStats,
  limits: IngestLimits,
  refuse: (error: ChronoscopeError) => never,
): ByteLease {
  let held = 0;
  return {
    grow(bytes) {
      const others = stats.pendingBytes - held;
      if (others > 0 && stats.pendingBytes + bytes > limits.maxPendingBytes)
        refuse(overloaded(`${stats.pendingBytes} bytes wait`));
      held += bytes;
      stats.pendingBytes += bytes;
    },
    release() {
      stats.pendingBytes -= held;
      held = 0;
    },
  };
}
