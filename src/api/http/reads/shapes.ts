import { z } from 'zod';
import type { Selection } from '../../../projections/queries/selection.ts';
import { timeOf } from '../../../projections/queries/selection.ts';

/** Pieces of answers that several reads share. */

export const instant = z.string().describe('RFC 3339').meta({ example: '2026-01-31T12:00:00.000Z' });
export const count = z.int().min(0);
export const rate = z.number().min(0).max(1).describe('A fraction, 0 to 1');
export const ms = z.number().min(0).describe('Milliseconds');
export const change = z
  .number()
  .describe('Against before, as a fraction: 0.5 is half as much again; 1 when there was nothing before');

/** What the answer is about, so that it stands by itself. */
export const about = { project: z.string(), from: instant, to: instant };
export const aboutOf = ({ project, window }: Selection) => ({
  project,
  from: timeOf(window.from),
  to: timeOf(window.to),
});

export const point = z.object({ time: instant.describe('Begin of the step'), value: z.number() });
