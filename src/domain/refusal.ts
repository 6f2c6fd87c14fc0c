import type { ErrorCode } from './errors.ts';

/** Why one item of a batch was not taken; it stands in the item's place, so that its index stays true. */
export class Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  constructor(code: ErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}
