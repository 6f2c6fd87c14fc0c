import type { Settings } from '../ports.ts';

export type State = 'ok' | 'warning' | 'problem';

/** What one look at the surroundings found, and what to do if it is not well. */
export interface Finding {
  name: string;
  state: State;
  message: string;
  advice?: string;
}

export interface Patient {
  /** Undefined while the configuration is wrong: what hangs on it is not looked at. */
  settings: Settings | undefined;
  faults: readonly string[];
  version: string;
  packageFolder: string;
  env: NodeJS.ProcessEnv;
  now: number;
}

export type Check = (patient: Patient) => Promise<Finding[]> | Finding[];

export const ok = (name: string, message: string): Finding => ({ name, state: 'ok', message });

export const warning = (name: string, message: string, advice: string): Finding => ({
  name,
  state: 'warning',
  message,
  advice,
});

export const problem = (name: string, message: string, advice: string): Finding => ({
  name,
  state: 'problem',
  message,
  advice,
});
