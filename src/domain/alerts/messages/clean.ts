/** Text of others (labels, errors, names of deploys) made fit to stand in a message. Nothing here knows a medium. */

/** Lone halves of surrogate pairs are no text, and receivers refuse the whole message for one. */
const loneSurrogates = /\p{Surrogate}/gu;
/** Line ends would break a headline or forge a header. */
const breaks = /[\p{Control}\u2028\u2029]/gu;
/** Marks that turn the direction of what follows can make a text show something else than it says. */
const directionMarks = /[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/gu;
const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Adlam}]/u;

const isolate = '\u2068';
const endOfIsolate = '\u2069';
const ellipsis = '…';

export function oneLine(text: string): string {
  return text
    .replace(loneSurrogates, '\ufffd')
    .replace(breaks, ' ')
    .replace(directionMarks, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** A family of emoji is one character for its reader, and this many code units at most in ordinary text. */
const longestGrapheme = 40;

/** At most so many code units, cut between what readers take for characters. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  for (const { index, segment } of graphemes.segment(text.slice(0, most + longestGrapheme))) {
    if (index + segment.length > most - ellipsis.length) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end).trimEnd()}${ellipsis}`;
}

/** Others' text on one line, at most so long, and unable to reorder what stands around it. */
export function said(text: string, most: number): string {
  const line = oneLine(text);
  if (!rightToLeft.test(line)) return clip(line, most);
  return `${isolate}${clip(line, most - 2)}${endOfIsolate}`;
}

const longestLink = 1_000;

/** The address of a link, if it is one that may be clicked; a cut one would lead elsewhere, so a long one is left out. */
export function linkTo(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, href, username, password } = new URL(text);
  if (username !== '' || password !== '') return undefined;
  // What the URL standard lets stand but the marks of some medium end at.
  const safe = href.replace(/[@|()<>'"`\\[\]]/g, codeOf);
  return /^https?:$/.test(protocol) && safe.length <= longestLink ? safe : undefined;
}

const codeOf = (mark: string): string => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
