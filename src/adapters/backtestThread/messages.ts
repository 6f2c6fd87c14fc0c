import type { BacktestRun } from '../../api/ports.ts';
import type { BacktestResult, VerdictName } from '../../domain/alerts/backtest/result.ts';
import type { RecordedEvent } from '../../domain/events/envelope.ts';

/** What the engine's thread asks of the thread of a back-test, one thing after the other. */
export type BacktestRequest =
  | { kind: 'start'; wanted: BacktestRun }
  | {
      kind: 'take';
      /** Handed over with their memory. */
      blocks: Uint8Array<ArrayBuffer>[];
      after: number;
      until: number;
      /** The log's file, for messages. */
      file: string;
    }
  | { kind: 'show'; events: readonly RecordedEvent[] }
  | { kind: 'passEnds' }
  | { kind: 'result'; verdicts: { episode: string; verdict: VerdictName }[] };

export type BacktestReply =
  | { kind: 'done' }
  | { kind: 'passEnded'; recordedEpisodes: string[] }
  | { kind: 'result'; result: BacktestResult; fixture?: Uint8Array<ArrayBuffer> }
  | { kind: 'tooLarge' }
  | { kind: 'failed'; failure: string; ofLog: boolean; stack: string | undefined };
