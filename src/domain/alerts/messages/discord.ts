import { colourOf } from './colours.ts';
import { bodyOf, type Markup } from './markup.ts';
import { noticeOf, type Told } from './notice.ts';

/** `@everyone` is stopped by `allowed_mentions` too; here it is also kept from looking like one. */
const escapeMarks = (text: string): string =>
  text.replace(/[\\*_~`|<>[\]()#]/g, '\\$&').replaceAll('@', '@\u200b');

const markup: Markup = {
  text: escapeMarks,
  strong: (text) => `**${escapeMarks(text)}**`,
  // Nothing but the mark itself has a meaning within code.
  code: (text) => `\`${text.replaceAll('`', 'ˋ').replaceAll('@', '@\u200b')}\``,
  link: (text, url) => `[${escapeMarks(text)}](<${url}>)`,
};

const longestDescription = 4_096;

export interface DiscordPayload {
  content: string;
  embeds: readonly { description: string; color: number }[];
  allowed_mentions: { parse: readonly [] };
}

export function discordPayload(told: Told): DiscordPayload {
  const notice = noticeOf(told);
  const description = bodyOf(notice, markup, longestDescription);
  return {
    // The content is what a locked screen shows.
    content: markup.strong(notice.headline),
    embeds:
      description === '' ? [] : [{ description, color: Number.parseInt(colourOf[notice.tone].slice(1), 16) }],
    allowed_mentions: { parse: [] },
  };
}
