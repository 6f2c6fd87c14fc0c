import type { Leases } from '../../projections/ports.ts';

/** For a process that is alone: it holds whatever it asks for. */
export const soleLeases: Leases = {
  hold: async () => true,
  release: async () => undefined,
};
