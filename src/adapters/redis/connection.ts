import { Redis } from 'ioredis';

export interface RedisOptions {
  url: string;
  onError: (error: Error) => void;
}

/** Refuses commands at once while Redis is away, and keeps trying to come back. */
export function createRedisConnection({ url, onError }: RedisOptions): Redis {
  const redis = new Redis(url, {
    connectionName: 'chronoscope',
    // Whoever asks has an answer without Redis: waiting in a queue would be worse than a refusal.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 100,
    retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 10)),
  });
  redis.on('error', onError);
  return redis;
}
