import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { sendLanes } from '../../src/adapters/kafka/writer.ts';
import type { DeadLetter, LaneMessage } from '../../src/projections/lanes/ports.ts';
import { at, chain } from '../contracts/laneTopic.ts';

/** A stand-in that keeps each request as it was sent. */
async function sentBy(messages: ReadonlyMap<number, readonly LaneMessage[]>, maxBytes: number) {
  const requests: Message[][] = [];
  const letters: DeadLetter[] = [];
  const producer = {
    send: async (_: string, request: Message[]) => void requests.push(request),
    close: async () => {},
  };
  const tooLarge = async (letter: DeadLetter): Promise<void> => void letters.push(letter);
  await sendLanes({ producer, topic: 'lanes', maxBytes, tooLarge }, messages);
  return { requests, letters };
}

const wide = (lane: number, position: number, characters: number): LaneMessage => {
  const [message] = chain(lane, [position], position - 1);
  const data = { level: 'info', message: 'x'.repeat(characters) };
  return { ...message, event: { ...message?.event, data } } as LaneMessage;
};

const positionOf = ({ headers }: Message): string => String(headers?.position);
const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);

describe('writing to the lanes', () => {
  it('cuts what is written into batches that the broker takes, and keeps each lane in its order', async () => {
    const maxBytes = 20_000;
    const lane = fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(lane, { maxLength: 4 }), async (lanes) => {
        const messages = new Map(
          lanes.map((sizes, number) => [
            number,
            sizes.map((size, index) => wide(number % 3, index + 1, size)),
          ]),
        );
        const { requests, letters } = await sentBy(messages, maxBytes);
        expect(letters).toEqual([]);
        for (const [number, all] of messages) {
          const batches = requests.map((request) => request.filter(({ partition }) => partition === number));
          expect(batches.flat().map(positionOf)).toEqual(all.map(({ position }) => position));
          for (const batch of batches) expect(sizeOf(batch)).toBeLessThan(maxBytes);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('goes on with every lane, however much there is of it', async () => {
    const numbers = Array.from({ length: 2_500 }, (_, index) => index + 1);
    const { requests } = await sentBy(new Map([0, 1].map((lane) => [lane, chain(lane, numbers)])), 1_000_000);
    expect(requests.map((request) => request.length)).toEqual([2_000, 2_000, 1_000]);
  });

  it('a request does not grow with what is written, and who had no room in it is in the next', async () => {
    const lanes = new Map([0, 1, 2].map((lane) => [lane, [1, 2, 3].map((n) => wide(lane, n, 3_000_000))]));
    const { requests } = await sentBy(lanes, 4_000_000);
    expect(requests.flat()).toHaveLength(9);
    for (const request of requests) expect(sizeOf(request)).toBeLessThan(12_000_000);
  });

  it('sets aside what no batch can hold, and leaves word that something is missing there', async () => {
    const messages = [wide(0, 1, 10), wide(0, 2, 50_000), wide(0, 3, 10)];
    const { requests, letters } = await sentBy(new Map([[0, messages]]), 20_000);
    expect(requests.flat().map(positionOf)).toEqual(['1', '2', '3']);
    expect(requests.flat()[1]?.headers).toEqual({ position: '2', previous: '2', mark: '1' });
    expect(requests.flat()[2]?.headers?.previous).toBe('2');
    expect(letters).toMatchObject([{ lane: 0, position: at(2), reason: expect.stringMatching(/too large/) }]);
  });

  it('sets each of them aside once, though the batch has no room left for its mark', async () => {
    const numbersOfRequests = new Set<number>();
    for (let characters = 18_000; characters < 18_500; characters += 10) {
      const messages = [wide(0, 1, characters), wide(0, 2, 50_000), wide(0, 3, 50_000)];
      const { requests, letters } = await sentBy(new Map([[0, messages]]), 20_000);
      numbersOfRequests.add(requests.length);
      expect(requests.flat().map(positionOf)).toEqual(['1', '2', '3']);
      expect(letters).toHaveLength(2);
    }
    expect(numbersOfRequests).toEqual(new Set([1, 2]));
  });

  it('sends nothing when there is nothing', async () => {
    expect((await sentBy(new Map([[0, []]]), 20_000)).requests).toEqual([]);
  });
});
