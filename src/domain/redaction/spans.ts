/** A stretch of text to be replaced by `[redacted:<label>]`. */
export interface Finding {
  start: number;
  end: number;
  label: string;
}

export const markerFor = (label: string): string => `[redacted:${label}]`;

const markerStart = '[redacted:';
const markerAt = /\[redacted:[a-z0-9-]{1,40}\]/y;

/** The end of the marker that begins at `index`, or -1. */
export function markerEnd(text: string, index: number): number {
  if (!text.startsWith(markerStart, index)) return -1;
  markerAt.lastIndex = index;
  return markerAt.test(text) ? markerAt.lastIndex : -1;
}

export function findMarkers(text: string): Finding[] {
  const markers: Finding[] = [];
  let at = text.indexOf(markerStart);
  while (at >= 0) {
    const end = markerEnd(text, at);
    if (end > 0) markers.push({ start: at, end, label: '' });
    at = text.indexOf(markerStart, at + 1);
  }
  return markers;
}

/**
 * Findings that touch become one, labelled by the widest of them (of two equals by the first found). A finding
 * within a marker is none, and one that cuts a marker takes all of it, so that no half marker is left behind.
 */
export function mergeFindings(found: readonly Finding[], markers: readonly Finding[]): Finding[] {
  const wanted = markers.length === 0 ? [...found] : respectMarkers(found, markers);
  const sorted = wanted.sort((a, b) => a.start - b.start);
  const merged: (Finding & { widest: number })[] = [];
  for (const finding of sorted) {
    const width = finding.end - finding.start;
    const last = merged.at(-1);
    if (last === undefined || finding.start >= last.end) {
      merged.push({ ...finding, widest: width });
      continue;
    }
    last.end = Math.max(last.end, finding.end);
    if (width > last.widest) {
      last.label = finding.label;
      last.widest = width;
    }
  }
  return merged;
}

function respectMarkers(found: readonly Finding[], markers: readonly Finding[]): Finding[] {
  const kept: Finding[] = [];
  let at = 0;
  for (const finding of [...found].sort((a, b) => a.start - b.start)) {
    while (at < markers.length && (markers[at] as Finding).end <= finding.start) at++;
    let { start, end } = finding;
    let inside = false;
    for (let i = at; i < markers.length; i++) {
      const marker = markers[i] as Finding;
      if (marker.start >= end) break;
      inside ||= start >= marker.start && end <= marker.end;
      start = Math.min(start, marker.start);
      end = Math.max(end, marker.end);
    }
    if (!inside) kept.push({ start, end, label: finding.label });
  }
  return kept;
}

export function splice(text: string, merged: readonly Finding[], replace: (f: Finding) => string): string {
  let result = '';
  let from = 0;
  for (const finding of merged) {
    result += text.slice(from, finding.start) + replace(finding);
    from = finding.end;
  }
  return result + text.slice(from);
}
