/** Tables of figures: names on the left, numbers under each other on the right. */

export interface Cell {
  text: string;
  paint?: ((text: string) => string) | undefined;
}

export function columns(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paintHead }: { paintHead: (text: string) => string },
): string[] {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.text.length ?? 0)),
  );
  const line = (cells: readonly Cell[]) => {
    const padded = cells.map(({ text, paint = (plain) => plain }, i) => {
      const width = widths[i] ?? 0;
      const room = ' '.repeat(Math.max(0, width - text.length));
      return i === 0 ? paint(text) + room : room + paint(text);
    });
    return padded.join('  ').trimEnd();
  };
  return [line(head.map((text) => (text === '' ? { text } : { text, paint: paintHead }))), ...rows.map(line)];
}

export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
