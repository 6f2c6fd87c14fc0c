import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { DeadLetters, LaneGroup, LaneWriter } from '../projections/lanes/ports.ts';

export type Feed = Extract<Config['feed'], { kind: 'kafka' }>;

/** What the relay writes to. */
export function openFeedWriter(_feed: Feed, _logger: Logger): Promise<LaneWriter> {
  throw new Error('not yet');
}

export interface OpenedGroup {
  group: LaneGroup;
  deadLetters: DeadLetters;
  close(): Promise<void>;
}

export function openFeedGroup(_feed: Feed, _name: string, _logger: Logger): Promise<OpenedGroup> {
  throw new Error('not yet');
}
