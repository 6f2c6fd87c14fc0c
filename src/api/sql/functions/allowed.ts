import { aggregateFunctions } from './aggregates.ts';
import { combinators } from './combinators.ts';
import { textFunctions } from './text.ts';
import { valueFunctions } from './values.ts';

/** What the engine says of one of its functions. */
export interface EngineFunction {
  name: string;
  caseInsensitive: boolean;
  /** The function that this name is another one for. */
  aliasTo: string;
  /** Takes a function as an argument, so that a bare name among its arguments may be one. */
  higherOrder: boolean;
  aggregate: boolean;
}

export type FunctionVerdict = 'allowed' | 'forbidden' | 'unknown';

export interface FunctionTable {
  verdict(name: string): FunctionVerdict;
  isHigherOrder(name: string): boolean;
  /** A forbidden function that a bare name could stand for where the engine takes a function. */
  isForbiddenValue(name: string): boolean;
  /** The engine's first name of a function that has several, or that may be written in any case. */
  firstName(name: string): string;
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const scalarNames = [valueFunctions, textFunctions].flatMap((groups) => Object.values(groups).flatMap(words));
const aggregateNames = words(aggregateFunctions);

/** Names that only the parser and the analyser make; none of them can be found in the engine's own list. */
const ofTheParser = ['_CAST', 'lambda', 'exists', 'grouping', 'untuple', 'caseWithExpression'];

export const allowedFunctionNames: readonly string[] = [...scalarNames, ...aggregateNames, ...ofTheParser];

/** The engine decides which names it has; the lists beside this file decide which of them may be called. */
export function functionTable(engineFunctions: readonly EngineFunction[]): FunctionTable {
  const allowed = new Set(allowedFunctionNames);
  const exact = new Map(engineFunctions.map((f) => [f.name, f]));
  const folded = new Map(
    engineFunctions.filter((f) => f.caseInsensitive).map((f) => [f.name.toLowerCase(), f]),
  );
  const find = (name: string) => exact.get(name) ?? folded.get(name.toLowerCase());

  const verdict = (name: string): FunctionVerdict => {
    if (allowed.has(name)) return 'allowed';
    const found = find(name);
    if (found !== undefined) {
      return allowed.has(found.name) || allowed.has(found.aliasTo) ? 'allowed' : 'forbidden';
    }
    const suffix = combinators.find((c) => name.length > c.length && name.endsWith(c));
    return suffix === undefined ? 'unknown' : verdict(name.slice(0, -suffix.length));
  };
  const firstName = (name: string): string => {
    const found = find(name);
    return found === undefined ? name : found.aliasTo || found.name;
  };
  const isForbiddenValue = (name: string): boolean =>
    verdict(name) === 'forbidden' && find(name)?.aggregate !== true;
  return {
    verdict,
    firstName,
    isForbiddenValue,
    isHigherOrder: (name) => find(firstName(name))?.higherOrder ?? false,
  };
}
