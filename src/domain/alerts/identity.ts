import { hash64 } from '../fingerprint/hash.ts';
import type { Labels } from './rule.ts';

/**
 * Names of what is decided about alerts. All of them follow from what is decided, so that deciding the same thing again
 * after a crash gives the same ids, and the log keeps one.
 */

/** The same labels give the same text, in whatever order they came. */
export const labelsText = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** RFC 9562 version 8: 122 bits that follow from the text. */
export function idFrom(text: string): string {
  const hex = hash64(text) + hash64(`${text}\n2`);
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** All episodes of one rule and one set of labels, one after the other. */
export const alertStream = (project: string, rule: string, labels: Labels): string =>
  `alert-${rule}-${hash64(`${project}\n${labelsText(labels)}`)}`;

export const episodeId = (project: string, rule: string, labels: Labels, openedAt: number): string =>
  `ep_${hash64(JSON.stringify([project, rule, labelsText(labels), openedAt]))}`;

/** What people say about one episode. */
export const episodeCommandsStream = (episode: string): string => `alert-commands-${episode}`;

export const silenceStream = (silence: string): string => `silence-${silence}`;

export const notificationStream = (notification: string): string => `notification-${notification}`;

export const rulesStream = 'config-rules';

/** The starts of the engine. */
export const engineStream = 'engine';

export const clockStream = (project: string): string => `clock-${project}`;
