import type { Tone } from './words.ts';

export const colourOf: Readonly<Record<Tone, string>> = {
  critical: '#d32f2f',
  warning: '#f08c00',
  info: '#1c7ed6',
  good: '#2f9e44',
};
