import { z } from 'zod';
import { webUrl } from './textSettings.ts';

/** How channels are written in the environment. */

/** Telegram's: a number, or the `@name` of a public channel. */
export const chatId = (text: string): boolean => /^(?:-?[1-9]\d{0,15}|@[A-Za-z]\w{3,31})$/.test(text);

export interface NamedUrl {
  /** Absent where there is one only. */
  name: string | undefined;
  url: string;
}

/** One address, or several with a name each: `ops=https://… dev=https://…`. */
export function namedUrls(text: string): NamedUrl[] | undefined {
  const items = text.split(/\s+/).filter(Boolean).map(namedUrl);
  const names = items.map(({ name }) => name);
  const isFine =
    items.length > 0 &&
    items.every(({ url }) => webUrl.safeParse(url).success) &&
    new Set(names).size === items.length &&
    (items.length === 1 || !names.includes(undefined));
  return isFine ? items : undefined;
}

function namedUrl(item: string): NamedUrl {
  const [, name, url = item] = /^([\w-]{1,40})=(.+)$/.exec(item) ?? [];
  return { name, url };
}

export interface MailRoute {
  from: string;
  to: readonly string[];
}

/** Line ends and marks that a header has a meaning for cannot pass. */
const address = z.email().max(254);

/** `from=a@b.c to=d@e.f,g@h.i` */
export function mailRoute(text: string): MailRoute | undefined {
  const [, from = '', to = ''] = /^\s*from=(\S+?)[\s,]+to=(.+)$/.exec(text) ?? [];
  const receivers = [...new Set(to.split(/[\s,]+/).filter(Boolean))];
  const isFine = receivers.length > 0 && [from, ...receivers].every((one) => address.safeParse(one).success);
  return isFine ? { from, to: receivers } : undefined;
}
