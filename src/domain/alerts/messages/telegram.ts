import { bodyOf, type Markup } from './markup.ts';
import { noticeOf, type Told } from './notice.ts';
import { plainMarkup } from './plain.ts';

/** Telegram counts after it has read the marks; counting them as well errs on the safe side. */
const longestText = 4_096;

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const markup: Markup = {
  text: escapeHtml,
  strong: (text) => `<b>${escapeHtml(text)}</b>`,
  code: (text) => `<code>${escapeHtml(text)}</code>`,
  link: (text, url) => `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`,
};

export interface TelegramText {
  html: string;
  /** The same without marks, for a server that refuses them. */
  plain: string;
  /** Nobody needs to be woken by good news. */
  silent: boolean;
}

export function telegramText(told: Told): TelegramText {
  const notice = noticeOf(told);
  const written = (ways: Markup) => {
    const headline = ways.strong(notice.headline);
    const between = notice.alone ? '\n' : '\n\n';
    return `${headline}${between}${bodyOf(notice, ways, longestText - headline.length - between.length)}`.trimEnd();
  };
  return {
    html: written(markup),
    plain: written(plainMarkup),
    silent: notice.tone === 'info' || notice.tone === 'good',
  };
}
