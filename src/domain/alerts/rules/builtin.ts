import { builtinServiceLevels } from './builtinServiceLevels.ts';
import { builtinSignals } from './builtinSignals.ts';
import { builtinThresholds } from './builtinThresholds.ts';

/** What is in force until somebody gives rules of their own; `docs/alerts.md` has a section for each. */
export const builtinRules = `lateness: 500ms
idle: 5s
rules:
${builtinThresholds}
${builtinSignals}
${builtinServiceLevels}
inhibit:
  - name: critical-hides-warning
    source: { severity: critical }
    target: { severity: warning }
    equal: [rule, service]
  - name: database-hides-what-follows
    source: { rule: database-connection, severity: critical }
    target: { rule: "~error-rate|slow-responses|slo-.*|job-failed|new-error" }
    equal: [project]
  - name: error-rate-hides-what-it-burns
    source: { rule: error-rate, severity: critical }
    target: { rule: "~slo-.*" }
    equal: [service]
  - name: fast-burn-hides-slower
    source: { rule: slo-fast-burn }
    target: { rule: [slo-medium-burn, slo-slow-burn] }
    equal: [service]
  - name: medium-burn-hides-slow
    source: { rule: slo-medium-burn }
    target: { rule: slo-slow-burn }
    equal: [service]
flapping: { firings: 4, window: 30m }
`;
