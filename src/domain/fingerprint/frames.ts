import {
  type FrameRule,
  frameRules,
  goFile,
  goFunction,
  libraryFile,
  libraryFunction,
  noise,
  rustFile,
} from './frameRules.ts';

export interface Frame {
  /** Function and file, without what a build, a machine or a run puts into them. */
  place: string;
  inApp: boolean;
}

export interface Stack {
  /** Innermost first. */
  frames: Frame[];
  /** The class of the error, if the stack tells it. */
  type: string | undefined;
}

const mostLines = 400;
const longestLine = 600;
const mostFrames = 100;

export function parseStack(stack: string): Stack {
  const lines = linesOf(stack);
  const frames: Frame[] = [];
  let before: Frame[] = [];
  let innermostLast = false;
  let lastRule: FrameRule | undefined;
  for (let i = 0; i < lines.length && frames.length < mostFrames; i++) {
    const line = lines[i] as string;
    // What caused an error, and what came after it was handled, begin a new stack: the last one tells the fault,
    // unless it never leaves a library.
    if (startsOver(line)) {
      if (frames.some((frame) => frame.inApp)) before = frames.splice(0);
      else frames.length = 0;
    }
    const found = goFrame(line, lines[i + 1]) ?? matchLine(line, lines[i + 1], lastRule);
    if (found === undefined) continue;
    lastRule = found.rule ?? lastRule;
    innermostLast ||= found.rule?.innermostLast === true;
    if (found.frame !== undefined) frames.push(found.frame);
  }
  const telling = frames.some((frame) => frame.inApp) ? frames : [...before, ...frames];
  if (innermostLast) telling.reverse();
  return { frames: telling, type: typeIn(lines, innermostLast) };
}

/** Python's innermost frames are at the end, so a long stack is cut in its middle. */
function linesOf(stack: string): string[] {
  const lines: string[] = [];
  let from = 0;
  while (from < stack.length) {
    const newline = stack.indexOf('\n', from);
    const end = newline < 0 ? stack.length : newline;
    const line = stack.slice(from, Math.min(end, from + longestLine));
    lines.push(line.endsWith('\r') ? line.slice(0, -1) : line);
    from = end + 1;
  }
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines / 2), ...lines.slice(-mostLines / 2)];
}

function startsOver(line: string): boolean {
  return (
    line.startsWith('Caused by: ') ||
    line.startsWith('During handling of') ||
    line.startsWith('The above exception')
  );
}

interface Found {
  rule: FrameRule | undefined;
  frame: Frame | undefined;
}

function matchLine(
  line: string,
  next: string | undefined,
  lastRule: FrameRule | undefined,
): Found | undefined {
  if (lastRule !== undefined) {
    const same = applyRule(lastRule, line, next);
    if (same !== undefined) return same;
  }
  for (const rule of frameRules) {
    const found = rule === lastRule ? undefined : applyRule(rule, line, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function applyRule(rule: FrameRule, line: string, next: string | undefined): Found | undefined {
  if (!line.includes(rule.hint)) return undefined;
  const groups = rule.shape.exec(line)?.groups;
  if (groups === undefined) return undefined;
  const file = rule.name === 'rust' ? rustFile.exec(next ?? '')?.groups?.file : groups.file;
  return { rule, frame: frameOf(groups.fn ?? '', file ?? '') };
}

function goFrame(line: string, next: string | undefined): Found | undefined {
  if (next === undefined || !next.includes('.go:')) return undefined;
  const file = goFile.exec(next)?.groups?.file;
  const fn = goFunction.exec(line.startsWith('created by ') ? '' : line)?.groups?.fn;
  return file === undefined || fn === undefined ? undefined : { rule: undefined, frame: frameOf(fn, file) };
}

function frameOf(rawFunction: string, file: string): Frame | undefined {
  const fn = plainFunction(rawFunction);
  if (noise.test(fn) || (fn === '' && (file === '' || noise.test(file)))) return undefined;
  const library = libraryFile.test(file) || libraryFunction.test(fn);
  return { place: `${fn}@${plainFile(file)}`, inApp: !library };
}

const hashSuffix = /::h[0-9a-f]{16}$/;
const lambda =
  /\$\$Lambda[$/0-9a-fx.]*|\$\$[A-Za-z]+(?:CGLIB|ByteBuddy)\$\$[0-9a-f]*|lambda\$|\$\d+(?=\.|$)|\$\d+|`\d+(?:\[[^\]]*\])?|#\d+|\{\{closure\}\}|\{closure[^}]*\}|\.func\d+(?:\.\d+)*|<lambda>|<anonymous>|block (?:\(\d+ levels\) )?in |rescue in /g;
const stateMachine = /<(\w+)>[a-z]__\w+(?:\.MoveNext)?/g;

/** A function's name as its author wrote it; empty for one that nobody named. */
function plainFunction(raw: string): string {
  const name = raw
    .trim()
    .replace(hashSuffix, '')
    .replace(stateMachine, '$1')
    .replace(lambda, '')
    .replace(/^(?:async |new |Object\.(?=\w)|Module\.(?=\w)|exports\.(?=\w))+/, '')
    .replace(/\.{2,}/g, '.')
    .replace(/[.:$]+$/, '');
  // What a minifier left is another letter in the next build.
  return /^[A-Za-z_$]{0,2}\d?$/.test(name) ? '' : name;
}

const buildHash = /[.-](?=[\w-]*\d)[A-Za-z0-9_-]{6,}(?=\.(?:m?js|cjs|css|jsx?|tsx?|bundle)\b)/;

/** The file's own name: the folders before it are another machine's business. */
function plainFile(file: string): string {
  const withoutQuery = file.replace(/[?#].*$/, '');
  const base = withoutQuery.slice(
    Math.max(withoutQuery.lastIndexOf('/'), withoutQuery.lastIndexOf('\\')) + 1,
  );
  return base.replace(buildHash, '').replace(/\.min(?=\.)/, '');
}

const headline =
  /^(?:Uncaught |Unhandled exception\. |Exception in thread "[^"]{0,100}" |Caused by: |PHP Fatal error: {2}Uncaught |Fatal error: Uncaught )?([A-Za-z_][\w.$\\]{1,150})(?:: |:$|$| \()/;

function typeIn(lines: readonly string[], last: boolean): string | undefined {
  const candidates = last ? [...lines].reverse() : lines;
  let found: string | undefined;
  for (const line of candidates) {
    const type = headline.exec(line)?.[1];
    if (type === undefined || !/(?:Error|Exception|Fault|Panic|Interrupt|Exit|Iteration|Warning)$/.test(type))
      continue;
    found = type;
    if (last || !lines.some((other) => other.startsWith('Caused by: '))) return shortType(type);
  }
  return found === undefined ? undefined : shortType(found);
}

/** `java.lang.IllegalStateException` and `IllegalStateException` are one class. */
export function shortType(type: string): string {
  return type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('\\'), type.lastIndexOf(':')) + 1);
}
