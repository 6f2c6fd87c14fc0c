/**
 * Burn rates of an objective of 99 % with the window pairs of Google's *Site Reliability Workbook*: two that page and one
 * that can wait for the next working day. A stricter objective would call a small bot's every second failure an alarm.
 */

interface Burn {
  name: string;
  factor: number;
  recover: number;
  long: string;
  short: string;
  every: string;
  severity: 'warning' | 'critical';
  spent: string;
}

const burnRule = ({ name, factor, recover, long, short, every, severity, spent }: Burn): string => `
  - name: ${name}
    measure: { burnRate: { objective: 99%, long: ${long}, short: ${short} } }
    by: [service]
    every: ${every}
    ${severity}: { above: ${factor}, recover: ${recover}, for: 0s }
    keepFiringFor: 5m
    minimumVolume: 100
    minimumFailures: 5
    title: "{{service}}: failures use up the error budget at {{value}} the allowed pace"
    description: >-
      Over ${long} and over ${short}, failures of {{service}} use up the budget of its objective (99 % of requests) at more
      than {{threshold}} the pace that it can bear: ${spent}.
    playbook:
      - "See what uses it up: GET /v1/errors?window=${long}&service={{service}}. The largest group is the one to correct first."
      - "See since when: GET /v1/series?metric=error_rate&step=${every === '1m' ? '10m' : '1m'}&window=${long}&service={{service}}, and compare with the deploys that the alert names."
      - "If one command causes it, switch that command off or go back to the version before: GET /v1/latency?window=${long}&service={{service}}."
      - "${severity === 'critical' ? 'It is worth being woken for: go on until the short window is calm.' : 'It can wait for working hours, but not for weeks: put the correction into the plan.'}"
      - "When the budget is spent, hold back risky changes until it has recovered."
    runbook: docs/alerts.md#${name}
    annotations: { impact: "The promise of 99 % for {{service}} is at stake: ${spent}." }
`;

export const builtinServiceLevels = [
  burnRule({
    name: 'slo-fast-burn',
    factor: 14.4,
    recover: 12,
    long: '1h',
    short: '5m',
    every: '10s',
    severity: 'critical',
    spent: 'a month of it is gone in two days',
  }),
  burnRule({
    name: 'slo-medium-burn',
    factor: 6,
    recover: 5,
    long: '6h',
    short: '30m',
    every: '1m',
    severity: 'critical',
    spent: 'a month of it is gone in five days',
  }),
  burnRule({
    name: 'slo-slow-burn',
    factor: 1,
    recover: 0.9,
    long: '3d',
    short: '6h',
    every: '5m',
    severity: 'warning',
    spent: 'all of it will be gone by the end of the month',
  }),
].join('');
