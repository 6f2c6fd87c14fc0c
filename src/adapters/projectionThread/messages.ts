import type { Rows, Unprojectable } from '../../projections/batches.ts';

/** What the engine's thread asks of the projections' thread. */
export interface ProjectRequest {
  id: number;
  projections: readonly string[];
  recordedFrom: number | undefined;
  /** Handed over with their memory; the rows in the reply likewise. */
  blocks: Uint8Array<ArrayBuffer>[];
  after: number;
  until: number;
  /** The log's file, for messages. */
  file: string;
}

export interface ProjectedReply {
  id: number;
  events: number;
  lastRecordedAt: number | undefined;
  rows: [string, Rows][];
  unprojectable: readonly Unprojectable[];
}

/** Why a request could not be carried out. */
export interface FailedReply {
  id: number;
  failure: string;
  /** The log is to blame: a block is damaged, or a newer engine wrote it. */
  ofLog: boolean;
  stack: string | undefined;
}
