import type { Fact, Text } from './facts.ts';
import type { Notice, Section } from './notice.ts';

/** One medium's ways of writing; each function escapes what it is given. */
export interface Markup {
  text(text: string): string;
  strong(text: string): string;
  code(text: string): string;
  link(text: string, url: string): string;
}

/** Room for the line that counts what is left out. */
const counterLength = 60;

/**
 * Everything below the headline, at most so long. What does not fit is left out whole, a fact or an alert at a time: a
 * text that is never cut has no broken tag, escape or character.
 */
export function bodyOf(notice: Notice, markup: Markup, most: number): string {
  const { sections, alone } = notice;
  const note = notice.note === undefined ? [] : [markup.text(notice.note)];
  const [only] = sections;
  if (alone) return only === undefined ? note.join('') : fullText(only, note, markup, most);
  const left = most - counterLength;
  const blocks = taken([...note, ...sections.map((section) => shortText(section, markup))], '\n\n', left);
  const more = notice.more + sections.length - (blocks.length - note.length);
  return [...blocks, ...(more > 0 && sections.length > 0 ? [markup.text(`and ${more} more`)] : [])].join(
    '\n\n',
  );
}

function fullText(section: Section, note: readonly string[], markup: Markup, most: number): string {
  const hint = `${markup.text('More:')} ${textOf(section.hint, markup)}`;
  const links = section.links.length === 0 ? [] : [linksLine(section, markup)];
  const end = ['', ...fitting(links, most - hint.length - 2), hint];
  const facts = section.facts.map((fact) => factText(fact, markup));
  return [...fitting([...note, ...facts], most - end.join('\n').length - 1), ...end].join('\n');
}

export const linksLine = ({ links }: Section, markup: Markup): string =>
  links.map(({ text, url }) => markup.link(text, url)).join(markup.text(' · '));

const shortText = (section: Section, markup: Markup): string =>
  [
    markup.strong(section.title),
    ...section.facts.map((fact) => factText(fact, markup)),
    textOf(section.hint, markup),
  ].join('\n');

function factText({ label, lines, apart }: Fact, markup: Markup): string {
  const texts = linesOf(lines, markup);
  if (label === '') return texts.join('\n');
  return `${apart ? '\n' : ''}${markup.strong(`${label}:`)}${texts.length > 1 ? '\n' : ' '}${texts.join('\n')}`;
}

export const linesOf = (lines: Fact['lines'], markup: Markup): string[] =>
  lines.map((texts) => texts.map((text) => textOf(text, markup)).join(''));

export const textOf = ({ kind, text }: Text, markup: Markup): string =>
  kind === 'code' ? markup.code(text) : markup.text(text);

/** As many of the first as fit. */
function taken(blocks: readonly string[], between: string, most: number): string[] {
  let length = 0;
  const end = blocks.findIndex((block) => {
    length += block.length + between.length;
    return length > most;
  });
  return blocks.slice(0, end === -1 ? blocks.length : end);
}

/** All that fit, one after the other: a long one in the middle does not take those after it along. */
function fitting(lines: readonly string[], most: number): string[] {
  let length = 0;
  return lines.filter((line) => {
    const fits = length + line.length + 1 <= most;
    if (fits) length += line.length + 1;
    return fits;
  });
}
