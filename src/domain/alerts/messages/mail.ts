import { clip } from './clean.ts';
import { colourOf } from './colours.ts';
import type { Fact } from './facts.ts';
import { bodyOf, linesOf, linksLine, type Markup, textOf } from './markup.ts';
import { type Notice, noticeOf, type Section, type Told } from './notice.ts';
import { plainMarkup } from './plain.ts';
import { escapeHtml } from './telegram.ts';

const longestSubject = 200;
const longestText = 50_000;
/** A mail has more room than a telephone's screen. */
const mostSections = 25;

const markup: Markup = {
  text: escapeHtml,
  strong: (text) => `<strong>${escapeHtml(text)}</strong>`,
  code: (text) =>
    `<code dir="auto" style="font:13px/1.4 Consolas,Menlo,monospace;background:#f1f3f5;padding:1px 4px">${escapeHtml(text)}</code>`,
  link: (text, url) => `<a href="${escapeHtml(url)}" style="color:#1864ab">${escapeHtml(text)}</a>`,
};

export interface MailText {
  subject: string;
  text: string;
  html: string;
}

export function mailText(told: Told): MailText {
  const notice = noticeOf(told, mostSections);
  const subject = clip(notice.headline, longestSubject);
  const text = [notice.headline, '', bodyOf(notice, plainMarkup, longestText)].join('\n').trimEnd();
  return { subject, text: `${text}\n`, html: pageOf(notice) };
}

const pageOf = (notice: Notice): string =>
  [
    '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>',
    '<body style="margin:0;padding:12px;font:15px/1.45 -apple-system,Segoe UI,Roboto,Arial,sans-serif;color:#212529">',
    `<div style="max-width:640px;border-left:6px solid ${colourOf[notice.tone]};padding:2px 0 2px 14px">`,
    `<h1 style="font-size:18px;line-height:1.35;margin:0 0 8px">${escapeHtml(notice.headline)}</h1>`,
    notice.note === undefined ? '' : `<p style="margin:0 0 10px">${escapeHtml(notice.note)}</p>`,
    ...notice.sections.map((section) => sectionHtml(section, notice.alone)),
    notice.more > 0 && !notice.alone ? `<p style="margin:8px 0">and ${notice.more} more</p>` : '',
    '</div></body></html>',
  ].join('\n');

function sectionHtml(section: Section, alone: boolean): string {
  const title = alone ? '' : `<h2 style="font-size:15px;margin:14px 0 2px">${escapeHtml(section.title)}</h2>`;
  const links =
    section.links.length === 0 ? '' : `<p style="margin:10px 0 0">${linksLine(section, markup)}</p>`;
  const hint = `<p style="margin:${alone ? 10 : 2}px 0 0">${textOf(section.hint, markup)}</p>`;
  return `${title}${factsHtml(section.facts)}${links}${hint}`;
}

const factsHtml = (facts: readonly Fact[]): string =>
  `<table role="presentation" cellpadding="0" cellspacing="0" style="border-collapse:collapse">${facts
    .map(
      ({ label, lines }) =>
        `<tr>${labelCell(label)}<td style="padding:3px 0">${linesOf(lines, markup).join('<br>')}</td></tr>`,
    )
    .join('')}</table>`;

const labelCell = (label: string): string =>
  label === ''
    ? ''
    : `<td style="padding:3px 14px 3px 0;vertical-align:top;color:#5c636a;white-space:nowrap">${escapeHtml(label)}</td>`;
