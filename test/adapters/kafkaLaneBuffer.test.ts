import type { KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { LaneBuffer } from '../../src/adapters/kafka/laneBuffer.ts';
import { encodeMessage } from '../../src/adapters/kafka/message.ts';
import { compareNumbered, parseNumbered } from '../../src/adapters/numberedFeed.ts';
import { upcastTable } from '../../src/domain/events/upcast.ts';
import type { DeadLetter, LaneMessage } from '../../src/projections/lanes/ports.ts';
import { at, chain, contractLanes } from '../contracts/laneTopic.ts';

const lane = 1;

function openBuffer(maxBytes = 1_000_000) {
  const calls: string[] = [];
  const letters: DeadLetter[] = [];
  const buffer = new LaneBuffer({
    lane,
    maxBytes,
    codec: {
      lanes: contractLanes,
      positions: { compare: compareNumbered, parsePosition: parseNumbered },
      upcast: upcastTable,
    },
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    setAside: async (letter) => void letters.push(letter),
  });
  return { buffer, calls, letters, parts: buffer.messages()[Symbol.asyncIterator]() };
}

/** As the consumer gives them, from an offset on. */
function fetched(messages: readonly (LaneMessage | 'junk')[], offset: number): KafkaMessage[] {
  return messages.map((one, index) => {
    const { value, headers } =
      one === 'junk' ? { value: Buffer.from('junk'), headers: {} } : encodeMessage(lane, one).message;
    return { key: null, value, headers, offset: String(offset + index) } as unknown as KafkaMessage;
  });
}

describe('the messages of a lane on their way to its reader', () => {
  it('what waits counts from what was handed out last to the end of the topic', async () => {
    const { buffer, parts } = openBuffer();
    expect(buffer.waiting()).toBe(0);
    buffer.push(fetched(chain(lane, [1, 2, 3]), 10), 20);
    expect(buffer.waiting()).toBe(10);
    expect((await parts.next()).value).toHaveLength(3);
    expect(buffer.waiting()).toBe(7);
  });

  it('a lane that is full is held, and let go when half of it was taken', async () => {
    const { buffer, calls, parts } = openBuffer(2_000);
    buffer.push(fetched(chain(lane, [1]), 0), 9);
    expect(calls).toEqual([]);
    buffer.push(fetched(chain(lane, [2, 3, 4]), 1), 9);
    buffer.push(fetched(chain(lane, [5]), 4), 9);
    expect(calls).toEqual(['pause']);
    await parts.next();
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('what is noted is behind everything that was passed, and never behind anything that was not', async () => {
    const { buffer, parts } = openBuffer();
    buffer.push(fetched(chain(lane, [1, 2]), 5), 20);
    await parts.next();
    buffer.push(fetched(chain(lane, [3, 9]), 7), 20);
    await parts.next();
    // Another writer began anew: these are repetitions.
    buffer.push(fetched(chain(lane, [4, 6]), 9), 20);
    await parts.next();
    expect(buffer.noted).toBeUndefined();
    buffer.passed(at(1));
    expect(buffer.noted).toBeUndefined();
    buffer.passed(at(6));
    expect(buffer.noted).toBe(7);
    buffer.passed(at(9));
    expect(buffer.noted).toBe(11);
  });

  it('what was handed out and cannot be noted for long takes no more room, and is noted once all of it is passed', async () => {
    const { buffer, parts } = openBuffer();
    const handOut = async (from: number, count: number): Promise<void> => {
      for (let position = from; position < from + count; position++) {
        buffer.push(fetched(chain(lane, [position]), position), 9_000);
        await parts.next();
      }
    };
    await handOut(1, 1_500);
    buffer.passed(at(999));
    expect(buffer.noted).toBe(1_000);
    buffer.passed(at(1_499));
    expect(buffer.noted).toBe(1_000);
    buffer.passed(at(1_500));
    expect(buffer.noted).toBe(1_501);
  });

  it('what is unreadable is set aside, and passed with what came before it', async () => {
    const { buffer, letters, parts } = openBuffer();
    buffer.push(fetched([...chain(lane, [1]), 'junk', 'junk'], 0), 3);
    expect((await parts.next()).value).toEqual(chain(lane, [1]));
    expect(letters.map(({ offset }) => offset)).toEqual(['1', '2']);
    buffer.passed(at(1));
    expect(buffer.noted).toBe(3);
  });

  it('its messages end when the lane is taken away, and what was read can be passed until another has it', async () => {
    const { buffer, parts } = openBuffer();
    buffer.push(fetched(chain(lane, [1]), 0), 1);
    await parts.next();
    const next = parts.next();
    buffer.push(fetched(chain(lane, [2], 1), 1), 2);
    await next;
    const last = parts.next();
    buffer.end();
    expect((await last).done).toBe(true);
    buffer.passed(at(1));
    expect(buffer.noted).toBe(1);
    buffer.close();
    buffer.passed(at(2));
    expect(buffer.noted).toBe(1);
  });
});
