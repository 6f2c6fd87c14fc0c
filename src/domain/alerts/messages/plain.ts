import type { Markup } from './markup.ts';

export const plainMarkup: Markup = {
  text: (text) => text,
  strong: (text) => text,
  code: (text) => text,
  link: (text, url) => `${text}: ${url}`,
};
