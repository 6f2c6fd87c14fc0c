/** Breaks at spaces; a word longer than the width keeps its own line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** Two columns: short names on the left, wrapped explanations on the right. */
export function definitions(entries: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(26, Math.max(...entries.map(([name]) => name.length))) + 4;
  return entries.flatMap(([name, help]) => {
    const [first = '', ...rest] = wrap(help, width - left);
    const indented = rest.map((line) => ' '.repeat(left) + line);
    if (name.length + 4 > left) return [`  ${name}`, ' '.repeat(left) + first, ...indented];
    return [`  ${name.padEnd(left - 2)}${first}`, ...indented];
  });
}

/** A table without lines; its last column takes what room is left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** 1234567 → 1,234,567. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export const plural = (value: number, noun: string, nouns = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : nouns}`;

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  const scaled = value / 1024 ** step;
  return `${scaled < 10 && step > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[step]}`;
}

/** 95 s → 1m 35s. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}
