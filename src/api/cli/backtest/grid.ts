import type { GridCell, GridResult } from '../../../domain/alerts/backtest/result.ts';
import { shortDuration } from '../../../domain/alerts/rules/figures.ts';
import { figureText } from '../../../domain/alerts/texts.ts';
import type { Run } from '../command.ts';
import { count, duration } from '../text.ts';
import { type Cell, columns } from './columns.ts';
import { lengthOf, nothing, paintShare, shareOf } from './words.ts';

type Shown = Pick<Run, 'paint' | 'width'>;

const words = { above: '>', atLeast: '≥', below: '<', atMost: '≤' } as const;
const shades = ['·', '░', '▒', '▓', '█'] as const;
const cellWidth = 17;

/** A heat table: the darker, the longer it fires; and how good it is, where people have judged. */
export function gridLines(shown: Shown, grid: GridResult): string[] {
  const { paint, width } = shown;
  const durations = [...new Set(grid.cells.map(({ forMs }) => forMs))];
  const fits = Math.max(1, Math.floor((width - 12) / cellWidth));
  const parts: number[][] = [];
  for (let at = 0; at < durations.length; at += fits) parts.push(durations.slice(at, at + fits));
  const judged = grid.cells.some(({ precision, recall }) => precision !== undefined || recall !== undefined);
  const tables = parts.flatMap((part, index) => [
    ...(index > 0 ? [''] : []),
    ...tableOf(shown, grid, part, 'how often, and for how long it fires', (cell) =>
      heatCell(shown, grid, cell),
    ),
    ...(judged
      ? ['', ...tableOf(shown, grid, part, 'precision, recall, delay', (cell) => qualityCell(shown, cell))]
      : []),
  ]);
  const { threshold, forMs } = grid.present;
  const now = `${words[grid.comparison]} ${figureText(threshold, grid.unit)} for ${forText(forMs)}`;
  return [paint.bold(`GRID of ${grid.rule}, ${grid.severity}`) + paint.dim(` (now ${now})`), ...tables];
}

function tableOf(
  { paint }: Shown,
  { cells, comparison, unit, present }: GridResult,
  durations: readonly number[],
  title: string,
  cellOf: (cell: GridCell) => Cell,
): string[] {
  const thresholds = [...new Set(cells.map(({ threshold }) => threshold))];
  const rows = thresholds.map((threshold) => [
    { text: `${words[comparison]} ${figureText(threshold, unit)}` },
    ...durations.map((forMs) => {
      const cell = cells.find((one) => one.threshold === threshold && one.forMs === forMs);
      if (cell === undefined) return { text: nothing };
      const shown = cellOf(cell);
      const isPresent = threshold === present.threshold && forMs === present.forMs;
      return isPresent ? { ...shown, text: `[${shown.text}]` } : { ...shown, text: `${shown.text} ` };
    }),
  ]);
  const head = ['', ...durations.map((forMs) => `for ${forText(forMs)} `)];
  return [paint.dim(title), ...columns(head, rows, { paintHead: paint.bold })];
}

function heatCell({ paint }: Shown, { cells }: GridResult, { fired, firingMs }: GridCell): Cell {
  const most = Math.max(1, ...cells.map((cell) => cell.firingMs));
  const heat = fired === 0 ? 0 : Math.max(1, Math.ceil((firingMs / most) * 4));
  const shade = shades[heat] ?? '█';
  const colour = heat === 0 ? paint.dim : heat <= 1 ? paint.green : heat <= 3 ? paint.yellow : paint.red;
  return { text: `${count(fired)} ${shade.repeat(2)} ${lengthOf(firingMs)}`, paint: colour };
}

function qualityCell({ paint }: Shown, { precision, recall, medianDelayMs }: GridCell): Cell {
  const delay = medianDelayMs === undefined ? nothing : duration(medianDelayMs);
  const least = precision === undefined ? recall : Math.min(precision, recall ?? precision);
  return { text: `${shareOf(precision)} ${shareOf(recall)} ${delay}`, paint: paintShare(paint, least) };
}

const forText = (ms: number): string => (ms === 0 ? '0s' : shortDuration(ms));
