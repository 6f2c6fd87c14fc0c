import { currentVersion } from './catalogue.ts';

/** Turns the data of one version into that of the next. */
export type Upcaster = (data: unknown) => unknown;

/** `lift[type][version]` leads from `version` to `version + 1`; every step up to `current[type]` must be there. */
export interface UpcastTable {
  current: Readonly<Record<string, number>>;
  lift: Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;
}

export const upcastTable: UpcastTable = { current: currentVersion, lift: {} };

/** The way from one stored version to the newest one; `lift` is undefined when the stored one is the newest. */
export interface UpcastPlan {
  version: number;
  lift: Upcaster | undefined;
}

/** An event that this engine is too old to understand. */
export class UnknownEventError extends Error {
  readonly type: string;
  readonly version: number;
  constructor(type: string, version: number, known: number | undefined) {
    const why =
      known === undefined ? 'the type is unknown here' : `the newest version known here is ${known}`;
    super(
      `The log holds an event ${type} of version ${version}, but ${why}: it was written by a newer engine.`,
    );
    this.name = 'UnknownEventError';
    this.type = type;
    this.version = version;
  }
}

export function planUpcast(table: UpcastTable, type: string, version: number): UpcastPlan {
  const current = Object.hasOwn(table.current, type) ? table.current[type] : undefined;
  if (current === undefined || version > current) throw new UnknownEventError(type, version, current);
  if (version === current) return { version, lift: undefined };
  const steps = Array.from({ length: current - version }, (_, step) => stepFrom(table, type, version + step));
  return { version: current, lift: (data) => steps.reduce((lifted, step) => step(lifted), data) };
}

function stepFrom(table: UpcastTable, type: string, version: number): Upcaster {
  const step = table.lift[type]?.[version];
  if (step === undefined) {
    throw new Error(`No way leads from version ${version} of ${type} to version ${version + 1}.`);
  }
  return step;
}
