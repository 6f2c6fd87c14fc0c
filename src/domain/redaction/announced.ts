import type { KeyClassifier } from './keys.ts';
import { type Finding, markerEnd } from './spans.ts';
import { isState, looksRandom } from './values.ts';

const said =
  /(?<![\w-])(?:password|passcode|passwort|kennwort)[ \t]{1,3}(?:(?:is|was|ist)[ \t]{1,3})?["'`]?([^\s"'`]{6,256})/gi;
const flag = /(?<![\w-])--?([A-Za-z][\w-]{1,40})[ \t]{1,3}["']?([^\s"'-][^\s"']{0,512})/g;
const userFlag = /(?<![\w-])(?:-u|--user|--proxy-user)[ \t]{1,3}["']?[^\s"':]{1,64}:([^\s"']{1,256})/g;

/** Secrets without a separator: `password is x`, `--api-key x`, `curl -u user:x`. */
export function findAnnounced(text: string, keys: KeyClassifier, found: Finding[]): void {
  eachMatch(said, text, found, (match) => {
    const value = (match[1] ?? '').replace(/[.,;:!?)}\]]+$/, '');
    return looksRandom(value) && !isState(value) ? value.length : 0;
  });
  eachMatch(flag, text, found, (match) => {
    const verdict = keys.field(match[1] ?? '');
    const value = match[2] ?? '';
    const secret = (verdict === 'password' || verdict === 'token') && !isState(value);
    return secret && (verdict === 'password' || value.length >= 6) ? value.length : 0;
  });
  eachMatch(userFlag, text, found, (match) => (isState(match[1] ?? '') ? 0 : (match[1] ?? '').length));
}

/** `sizeOf` gives the size of the secret in the match's last group, which ends where the match does; 0 for none. */
function eachMatch(
  regExp: RegExp,
  text: string,
  found: Finding[],
  sizeOf: (match: RegExpExecArray) => number,
): void {
  regExp.lastIndex = 0;
  for (let match = regExp.exec(text); match !== null; match = regExp.exec(text)) {
    const start = match.index + match[0].length - (match.at(-1) ?? '').length;
    const size = sizeOf(match);
    if (size > 0 && markerEnd(text, start) < 0) found.push({ start, end: start + size, label: 'secret' });
  }
}
