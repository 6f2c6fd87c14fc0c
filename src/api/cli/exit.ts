/** What a run ends with; 78 is sysexits' EX_CONFIG, which supervisors know not to restart on. */
export const exitCodes = { done: 0, failed: 1, usage: 2, config: 78 } as const;

/** The command line itself was wrong. */
export class UsageError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The surroundings are set up wrongly: one line for each fault. */
export class ConfigFaults extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** Something could not be done, said so that the reader knows what to do next. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
