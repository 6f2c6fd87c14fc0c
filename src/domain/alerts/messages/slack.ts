import { colourOf } from './colours.ts';
import { bodyOf, linesOf, linksLine, type Markup, textOf } from './markup.ts';
import { type Notice, noticeOf, type Section, type Told } from './notice.ts';

/**
 * Slack's three marks, and what Mattermost and Rocket.Chat read besides: `@all` there calls everybody, and `](` makes
 * a link with a false text. A space of no width stops both and is not seen.
 */
const escapeMarks = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b')
    .replaceAll('](', ']\u200b(');

/** No mark may stand within marks of its own kind. */
const markup: Markup = {
  text: escapeMarks,
  strong: (text) => `*${escapeMarks(text.replaceAll('*', '∗'))}*`,
  code: (text) => `\`${escapeMarks(text.replaceAll('`', 'ˋ'))}\``,
  link: (text, url) => `<${url.replaceAll('&', '&amp;')}|${escapeMarks(text)}>`,
};

const longestText = 3_000;
const mostFields = 20;
/** Two such stand side by side. */
const shortField = 40;

interface Field {
  title: string;
  value: string;
  short: boolean;
}

interface Attachment {
  color: string;
  fallback: string;
  text?: string;
  fields?: readonly Field[];
  mrkdwn_in: readonly string[];
}

/** Attachments rather than blocks: Slack, Mattermost and Rocket.Chat all show them, with the colour of the severity. */
export interface SlackPayload {
  text: string;
  attachments: readonly Attachment[];
  unfurl_links: false;
  unfurl_media: false;
}

export function slackPayload(told: Told): SlackPayload {
  const notice = noticeOf(told);
  const [only] = notice.sections;
  const note = notice.note === undefined ? '' : `\n${escapeMarks(notice.note)}`;
  return {
    text: `${markup.strong(notice.headline)}${note}`,
    attachments: notice.alone && only !== undefined ? [full(only)] : several(notice),
    unfurl_links: false,
    unfurl_media: false,
  };
}

const marked = ['text', 'fields'];

function full(section: Section): Attachment {
  const facts = section.facts.map(({ label, lines }) => {
    const value = linesOf(lines, markup).join('\n');
    return { title: label, value, short: value.length <= shortField && lines.length === 1 };
  });
  const links =
    section.links.length === 0 ? [] : [{ title: 'Links', value: linksLine(section, markup), short: false }];
  const fields = [...facts, ...links, { title: 'More', value: textOf(section.hint, markup), short: false }];
  return {
    color: colourOf[section.tone],
    fallback: escapeMarks(section.title),
    fields: fields.filter(({ value }) => value.length <= longestText).slice(-mostFields),
    mrkdwn_in: marked,
  };
}

/** One attachment for each alert, so that each has its own colour. */
function several(notice: Notice): Attachment[] {
  const alerts = notice.sections.map((section) => ({
    color: colourOf[section.tone],
    fallback: escapeMarks(section.title),
    text: bodyOf({ ...notice, note: undefined, sections: [section], more: 0 }, markup, longestText),
    mrkdwn_in: marked,
  }));
  if (notice.more === 0) return alerts;
  const text = `and ${notice.more} more`;
  return [...alerts, { color: colourOf[notice.tone], fallback: text, text, mrkdwn_in: marked }];
}
