/** One line of the bench's table. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** What the project aims at, for comparison; the bench never fails on it. */
  aim?: { atLeast?: number; atMost?: number };
  note?: string;
}

const met = ({ value, aim }: Figure): boolean | undefined =>
  aim === undefined
    ? undefined
    : (aim.atLeast === undefined || value >= aim.atLeast) &&
      (aim.atMost === undefined || value <= aim.atMost);

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${round(figure.value)} ${figure.unit}`.trim(),
    aimText(figure),
    { true: 'met', false: 'missed', undefined: '' }[String(met(figure))] ?? '',
    figure.note ?? '',
  ]);
  const head = ['figure', 'seen', 'aim', '', 'note'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 1 || i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...rows.map(line)].join('\n');
}

function aimText({ aim, unit }: Figure): string {
  if (aim?.atLeast !== undefined) return `≥ ${round(aim.atLeast)} ${unit}`.trim();
  if (aim?.atMost !== undefined) return `≤ ${round(aim.atMost)} ${unit}`.trim();
  return '';
}

const round = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
