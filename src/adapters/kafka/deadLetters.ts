import type { DeadLetter, DeadLetters } from '../../projections/lanes/ports.ts';
import type { SafeProducer } from './producer.ts';

export interface DeadLetterOptions {
  producer: SafeProducer;
  topic: string;
  /** What a message of the topic may weigh. */
  maxBytes: number;
  now: () => number;
}

/** Room for the headers beside the value. */
const HEADER_BYTES = 16_384;
const MOST_REASON_CHARACTERS = 2_000;

export function openDeadLetters({ producer, topic, maxBytes, now }: DeadLetterOptions): DeadLetters {
  const most = maxBytes - HEADER_BYTES;
  return {
    async put({ lane, reason, offset, position, value }) {
      const whole = Buffer.from(value as Uint8Array);
      const headers = {
        lane: String(lane),
        reason: reason.slice(0, MOST_REASON_CHARACTERS),
        time: new Date(now()).toISOString(),
        ...(offset !== undefined && { offset }),
        ...(position !== undefined && { position: position.slice(0, MOST_REASON_CHARACTERS) }),
        // The rest of one that is too large to be kept is in the log.
        ...(whole.length > most && { bytes: String(whole.length) }),
      } satisfies Record<string, string>;
      await producer.send(topic, [{ partition: 0, value: whole.subarray(0, most), headers }]);
    },
  };
}

/** Setting aside must not hold a lane up: what cannot be written is told of, and goes on without. */
export async function setAside(
  letters: DeadLetters,
  letter: DeadLetter,
  told: (letter: DeadLetter, failure: unknown) => void,
): Promise<void> {
  try {
    await letters.put(letter);
    told(letter, undefined);
  } catch (error) {
    told(letter, error);
  }
}

export type { DeadLetter };
