import type { Finding } from './spans.ts';

const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const end = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** PEM blocks, over as many lines as they take, with real or escaped line ends; a cut-off one to the end of the text. */
export function findPrivateKeys(text: string, found: Finding[]): void {
  if (!text.includes('-----BEGIN ')) return;
  begin.lastIndex = 0;
  for (let opening = begin.exec(text); opening !== null; opening = begin.exec(text)) {
    end.lastIndex = begin.lastIndex;
    const closed = end.test(text);
    const stop = closed ? end.lastIndex : text.length;
    found.push({ start: opening.index, end: stop, label: 'private-key' });
    if (!closed) return;
    begin.lastIndex = stop;
  }
}
