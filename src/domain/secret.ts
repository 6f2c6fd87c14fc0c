const hidden = '[secret]';

/** A value that is shown by no log, no JSON and no debugger's print; whoever needs it says so. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden;
  }
}
