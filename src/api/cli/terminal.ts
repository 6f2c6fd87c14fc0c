import type { Stream } from './ports.ts';

type Paint = (text: string) => string;

/** Colours for one stream, or none where they would be noise. */
export interface Palette {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
}

const csi = '\u001b[';
const painted =
  (on: number, off: number): Paint =>
  (text) =>
    `${csi}${on}m${text}${csi}${off}m`;
const plain: Paint = (text) => text;

/** https://no-color.org: any value but the empty one turns colours off. */
export function paletteFor(stream: Stream, env: NodeJS.ProcessEnv): Palette {
  const wanted = stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (on: number, off: number) => (wanted ? painted(on, off) : plain);
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}

/** As wide as the terminal, but never so wide that a line gets hard to read. */
export const widthOf = (stream: Stream): number => Math.min(stream.columns || 80, 100);
