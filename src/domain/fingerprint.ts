import { type Frame, parseStack, type Stack, shortType } from './fingerprint/frames.ts';
import { hash64 } from './fingerprint/hash.ts';
import { templateOf } from './fingerprint/template.ts';

export interface Fault {
  errorCode?: string;
  message: string;
  stack?: string;
  operation?: string;
  /** The class of the error, where the sender tells it apart from the message. */
  type?: string;
}

export interface Fingerprint {
  /** Sixteen hexadecimal digits: the same fault has the same on every machine. */
  fingerprint: string;
  /** The message without what varies, at most 200 characters. */
  title: string;
}

const longestTitle = 200;
const framesThatCount = 3;
const noFrames: Stack = { frames: [], type: undefined };

/**
 * The code always counts. With frames of the user's own code, the innermost of them and the class of the error
 * decide, whatever the message says beside its constants; with frames of libraries only, or none, the message does.
 */
export function fingerprintOf(fault: Fault): Fingerprint {
  const template = templateOf(fault.message);
  const stack = fault.stack === undefined ? noFrames : parseStack(fault.stack);
  const code = fault.errorCode ?? '';
  const own = places(stack.frames.filter((frame) => frame.inApp));
  const parts =
    own.length > 0
      ? ['frames', code, classOf(fault, stack), constantsIn(template), ...own]
      : [
          'message',
          code,
          template === '' ? classOf(fault, stack) : '',
          template,
          ...places(stack.frames).slice(0, 1),
        ];
  // Nothing to go by but where it happened.
  if (template === '' && stack.frames.length === 0 && code === '') parts.push(fault.operation ?? '');
  return { fingerprint: hash64(parts.join('\n')), title: titleOf(template, fault, stack) };
}

/** The innermost different places; recursion adds none. */
function places(frames: readonly Frame[]): string[] {
  const distinct = new Set<string>();
  for (const { place } of frames) {
    distinct.add(place);
    if (distinct.size === framesThatCount) break;
  }
  return [...distinct];
}

const classBefore =
  /^(?:Uncaught |Error: )?([A-Za-z_][\w.$\\]{1,150}(?:Error|Exception|Fault|Warning))(?::|$)/;

function classOf({ type, message }: Fault, stack: Stack): string {
  const found = type ?? stack.type ?? classBefore.exec(message.slice(0, 200))?.[1];
  return found === undefined ? '' : shortType(found);
}

// ECONNREFUSED, SQLITE_BUSY, ORA-00942: one place in a program can fail in several ways, and these name them.
const constant =
  /(?<![\w$])(?:E[A-Z]{4,20}|[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){1,8}|[A-Z]{2,6}-?\d{3,6})(?![\w$])/g;

function constantsIn(template: string): string {
  return (template.match(constant) ?? []).slice(0, 4).join(' ');
}

function titleOf(template: string, fault: Fault, stack: Stack): string {
  const text =
    template || fault.errorCode || classOf(fault, stack) || fault.operation || 'Error without a message';
  if (text.length <= longestTitle) return text;
  // Never half a character.
  const cut = text.slice(0, longestTitle - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
