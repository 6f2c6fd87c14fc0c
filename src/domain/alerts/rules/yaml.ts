import { Composer, type CST, type Document, Lexer, LineCounter, Parser, type YAMLParseError } from 'yaml';
import { findJsonFault } from '../../jsonFault.ts';
import { type Faults, mostFaults } from './faults.ts';
import { growTree, mostDepth, type Tree } from './tree.ts';

const mostCharacters = 1_000_000;
const mostLexemes = 200_000;
/** The parser counts a level for a collection, one for its list of items and one for the item. */
const mostTokenDepth = 4 * mostDepth;

export interface ParsedText {
  /** Absent when there are faults. */
  tree: Tree | undefined;
  placeOf: (at: number) => { line: number; column: number };
}

/** YAML 1.2, and so JSON as well. */
export function parseText(text: string, faults: Faults): ParsedText {
  const lines = new LineCounter();
  const placeOf = (at: number) => {
    const { line, col } = lines.linePos(at);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const refuse = (message: string): ParsedText => {
    faults.add({ at: 0, path: '' }, message);
    return { tree: undefined, placeOf };
  };
  if (text.length > mostCharacters) return refuse(`the file has more than ${mostCharacters} characters`);
  const tokens = tokensOf(text, lines);
  if (tokens === undefined) return refuse(`the file has more than ${mostLexemes} words and signs`);
  // What comes next goes down by recursion, and would end the process where the stack ends.
  if (isDeeperThan(mostTokenDepth, tokens)) return refuse(`the file is more than ${mostDepth} levels deep`);
  const [document, second] = compose(tokens, text.length);
  if (document === undefined) throw new Error('the parser gives a document for every text');
  addErrors(document, text, faults);
  if (second !== undefined)
    faults.add({ at: second.range[0], path: '' }, 'a second document begins; a rules file is one');
  return { tree: faults.some ? undefined : growTree(document, text, faults), placeOf };
}

/** Undefined when there are more than anybody writes, which would take seconds to put together. */
function tokensOf(text: string, lines: LineCounter): CST.Token[] | undefined {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > mostLexemes) return undefined;
    for (const token of parser.next(lexeme)) tokens.push(token);
  }
  return [...tokens, ...parser.end()];
}

/** Keys that are there twice are found in the tree; the parser would compare each with each. */
function compose(tokens: readonly CST.Token[], length: number): Document.Parsed[] {
  let stray = 0;
  const some = tokens.filter(({ type }) => type !== 'error' || stray++ < mostFaults);
  const composer = new Composer({
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  return [...composer.compose(some, true, length)] as Document.Parsed[];
}

function addErrors(document: Document.Parsed, text: string, faults: Faults): void {
  if (document.errors.length === 0) return;
  // Of what is meant as JSON, the parser of YAML has odd things to say.
  const json = /^\s*\{\s*"/.test(text.slice(0, 1_000)) ? findJsonFault(text) : undefined;
  if (json !== undefined) faults.add({ at: json.position, path: '' }, `this is not JSON: ${json.problem}`);
  else for (const error of document.errors.slice(0, mostFaults)) addError(error, text, faults);
}

function addError({ pos: [at], message }: YAMLParseError, text: string, faults: Faults): void {
  const before = text.slice(Math.max(0, at - 200), at);
  const hint = /\{\{[^\n"']*$/.test(before) ? '; a text that begins with {{ needs quotes' : '';
  faults.add({ at, path: '' }, `this is not YAML: ${message}${hint}`);
}

function isDeeperThan(most: number, tokens: readonly CST.Token[]): boolean {
  let level: object[] = [...tokens];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    const below: object[] = [];
    for (const token of level) {
      for (const part of Object.values(token)) {
        if (typeof part === 'object' && part !== null) below.push(part);
      }
    }
    level = below;
  }
  return false;
}
