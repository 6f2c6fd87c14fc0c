import type { Message } from 'kafkajs';
import type { DeadLetter, LaneMessage } from '../../projections/lanes/ports.ts';
import { encodeMessage } from './message.ts';
import type { SafeProducer } from './producer.ts';

export interface LaneSender {
  producer: SafeProducer;
  topic: string;
  /** What the broker takes as one batch of a lane. */
  maxBytes: number;
  tooLarge: (letter: DeadLetter) => Promise<void>;
}

/** The client copies a partition's messages for each one that it adds to them: many at once cost their square. */
const MOST_PER_LANE = 1_000;
const MOST_REQUEST_BYTES = 8 * 1024 * 1024;
/** What a batch weighs beside its records. */
const BATCH_BYTES = 1_024;

type Outgoing = { lane: number; messages: readonly LaneMessage[]; next: number };

/** Sends everything in requests that the broker takes, one after the other, so that each lane keeps its order. */
export async function sendLanes(
  sender: LaneSender,
  messages: ReadonlyMap<number, readonly LaneMessage[]>,
): Promise<void> {
  let left: Outgoing[] = [...messages].map(([lane, all]) => ({ lane, messages: all, next: 0 }));
  while (left.length > 0) {
    const request = await nextRequest(sender, left);
    if (request.length > 0) await sender.producer.send(sender.topic, request);
    left = left.filter(({ messages: all, next }) => next < all.length);
    // Those that the last request had no room for are first in the next.
    left = [...left.filter(({ next }) => next === 0), ...left.filter(({ next }) => next > 0)];
  }
}

async function nextRequest(sender: LaneSender, left: readonly Outgoing[]): Promise<Message[]> {
  const request: Message[] = [];
  let room = MOST_REQUEST_BYTES;
  for (const lane of left) {
    if (room <= 0) break;
    room -= await fillBatch(sender, lane, request);
  }
  return request;
}

async function fillBatch(sender: LaneSender, outgoing: Outgoing, request: Message[]): Promise<number> {
  const { lane, messages } = outgoing;
  const most = sender.maxBytes - BATCH_BYTES;
  const end = Math.min(messages.length, outgoing.next + MOST_PER_LANE);
  let filled = 0;
  for (; outgoing.next < end; outgoing.next++) {
    const laneMessage = messages[outgoing.next] as LaneMessage;
    const whole = encodeMessage(lane, laneMessage);
    const isTooLarge = whole.bytes > most;
    const { message, bytes } = isTooLarge ? encodeMessage(lane, traceOf(laneMessage)) : whole;
    if (filled + bytes > most) break;
    if (isTooLarge) await sender.tooLarge(letterOf(lane, laneMessage, whole.message, most));
    filled += bytes;
    request.push(message);
  }
  return filled;
}

/** Readers see by it that something is missing up to there, and take it from the log. It may be long before more follows. */
const traceOf = ({ position }: LaneMessage): LaneMessage => ({ previous: position, position });

const letterOf = (lane: number, { position }: LaneMessage, { value }: Message, most: number): DeadLetter => ({
  lane,
  reason: `too large for the topic: ${value?.length ?? 0} bytes, and a message may have about ${most}`,
  position,
  value: value ?? '',
});
