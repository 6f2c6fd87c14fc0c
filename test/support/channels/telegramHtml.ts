/**
 * Reads text with `parse_mode: HTML` as the Bot API does: its tags only, all of them closed in order, and no bare `<` or
 * `&`. Gives what is left to show, or why Telegram would refuse it.
 */
export function readTelegramHtml(html: string): { text: string; entities: number } | { fault: string } {
  const open: string[] = [];
  let text = '';
  let entities = 0;
  for (const [piece] of html.matchAll(/<[^>]*>?|&[^;\s]*;?|[^<&]+/g)) {
    if (piece.startsWith('<')) {
      const [, slash, name = '', attributes = ''] = /^<(\/?)([a-z]+)((?:\s[^>]*)?)>$/.exec(piece) ?? [];
      if (!tags.has(name)) return { fault: `Unsupported start tag "${piece.slice(1, 20)}"` };
      if (slash === '/') {
        if (open.pop() !== name) return { fault: `Unmatched end tag "</${name}>"` };
        entities += 1;
      } else {
        const fits = name === 'a' ? /^\shref="https?:[^"]*"$/.test(attributes) : attributes === '';
        if (!fits) return { fault: `Attributes of "${name}" cannot be read` };
        open.push(name);
      }
    } else if (piece.startsWith('&')) {
      const character = named[piece];
      if (character === undefined) return { fault: `Unknown entity "${piece}"` };
      text += character;
    } else text += piece;
  }
  return open.length === 0 ? { text, entities } : { fault: `Can't find end tag for "${open.at(-1)}"` };
}

const tags = new Set(['b', 'i', 'u', 's', 'a', 'code', 'pre', 'blockquote']);
const named: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"' };
