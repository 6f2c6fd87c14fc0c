import type { Position } from '../domain/position.ts';
import type { Checkpoint } from './ports.ts';
import type { Projection } from './projection.ts';

/** Where one projection stands. */
export interface Standing {
  projection: string;
  version: number;
  generation: number;
  position: Position | undefined;
  lagEvents: number;
  lagMs: number;
  /** Why the last insert failed, while it is being tried again. */
  error: string | undefined;
}

/** What readers ask of those that keep the read models up, in this process or in others. */
export interface Standings {
  /** Which tables each projection is read from. */
  readonly tracked: readonly { projection: Projection; checkpoint: Pick<Checkpoint, 'active'> }[];
  standings(): Promise<Standing[]>;
  /** Whether every projection passed `position` within the time given. */
  reached(position: Position, timeoutMs: number): Promise<boolean>;
}
