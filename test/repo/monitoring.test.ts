import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createAlertFigures, registerAlertGauges } from '../../src/api/http/alertFigures.ts';
import { createMetrics, registerGauges } from '../../src/api/http/metrics.ts';

const rulesText = readFileSync('deploy/prometheus/rules.yml', 'utf8');
const dashboard = JSON.parse(readFileSync('deploy/grafana/dashboards/chronoscope.json', 'utf8'));
const runbook = readFileSync('docs/runbook.md', 'utf8');

interface Panel {
  id: number;
  title: string;
  type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}
const panels: Panel[] = dashboard.panels;

/** Each series that a scrape can show, with the labels that it may carry. */
function scrapedSeries(): Map<string, Set<string>> {
  const metrics = createMetrics();
  registerGauges(metrics, {
    ingest: () => ({ accepted: 0, duplicates: 0, rejected: 0, pendingEvents: 0 }),
    projections: async () => [],
    lanes: async () => [],
    log: async () => ({ bytes: 0, events: 0 }),
    engineMemoryBytes: async () => 0,
    liveClients: () => 0,
    limitStoreDegraded: () => false,
  });
  createAlertFigures(metrics.registry);
  registerAlertGauges(metrics.registry, {
    firing: () => [],
    processorLagMs: async () => 0,
    series: () => 0,
    tooLate: () => 0,
    waiting: () => [],
  });
  const series = new Map<string, Set<string>>();
  for (const metric of metrics.registry.getMetricsAsArray()) {
    // The library keeps the label names on the metric, but its types do not show them.
    const { labelNames = [] } = metric as { labelNames?: string[] };
    const isHistogram = metric.constructor.name.endsWith('Histogram');
    const names = isHistogram ? ['_bucket', '_sum', '_count'].map((end) => metric.name + end) : [metric.name];
    for (const name of names) series.set(name, new Set([...labelNames, ...(isHistogram ? ['le'] : [])]));
  }
  return series;
}

const recorded = new Set([...rulesText.matchAll(/- record: (\S+)/g)].map(([, name]) => name));

const expressions = [
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...rulesText
    .split(/^ {6}- /m)
    .slice(1)
    .map((rule) => /expr: (?:\|\n)?([\s\S]*?)(?=\n {8}\w+:|\n\n|$)/.exec(rule)?.[1] ?? ''),
];

const namesIn = (expression: string) =>
  expression.match(/\b(?:\w+:)?(?:chronoscope|process|nodejs)_[\w:]+/g) ?? [];

describe('dashboard and rules', () => {
  const series = scrapedSeries();

  it('ask for nothing but series that the engine shows or the rules record', () => {
    const asked = new Set(expressions.flatMap(namesIn));
    expect(asked.size).toBeGreaterThan(25);
    expect([...asked].filter((name) => !series.has(name) && !recorded.has(name))).toEqual([]);
  });

  it('leave no figure of the engine unshown', () => {
    const asked = expressions.flatMap(namesIn).map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
    const own = [...series.keys()].filter((name) => name.startsWith('chronoscope_'));
    const families = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...families].filter((name) => !asked.includes(name))).toEqual([]);
  });

  it('select and group by labels that the series carry', () => {
    // Prometheus itself adds these two.
    const known = new Set([...series.values()].flatMap((labels) => [...labels]).concat('job', 'instance'));
    const used = expressions.flatMap((expression) => [
      ...[...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/)),
      ...[...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, name = '']) => name),
    ]);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((label) => !known.has(label))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('has panels with ids of their own that lie beside each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('shows something in every panel', () => {
    const empty = panels.filter(({ type, targets }) => type !== 'row' && !targets?.length);
    expect(empty.map(({ title }) => title)).toEqual([]);
  });
});

describe('the runbook', () => {
  const sections = new Set([...runbook.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name.toLowerCase()));

  it('has the section that each alert points to', () => {
    const alerts = rulesText.match(/- alert: /g) ?? [];
    const links = [...rulesText.matchAll(/runbook_url: docs\/runbook\.md#(\S+)/g)].map(
      ([, anchor = '']) => anchor,
    );
    expect(links).toHaveLength(alerts.length);
    expect(links.filter((anchor) => !sections.has(anchor))).toEqual([]);
  });

  it('has no section that no alert points to', () => {
    expect([...sections].filter((anchor) => !rulesText.includes(`#${anchor}\n`))).toEqual([]);
  });
});
