/**
 * What the users of a bot feel at once: failures, slowness, a spent limit. A critical level acts at the first evaluation, as
 * its minimum volume keeps a handful of requests from deciding; a warning has to last.
 */
export const builtinThresholds = `
  - name: error-rate
    measure: error_rate
    by: [service]
    window: 5m
    every: 2s
    warning: { above: 5%, recover: 4%, for: 1m }
    critical: { above: 10%, recover: 8%, for: 0s }
    keepFiringFor: 2m
    minimumVolume: 20
    minimumFailures: 5
    title: "{{service}}: {{value}} of requests fail"
    description: >-
      More than {{threshold}} of the requests to {{service}} failed within five minutes. Whoever sent them got an error
      instead of an answer.
    playbook:
      - "See which errors they are: GET /v1/errors?window=15m&service={{service}}. One group that has all of them is one fault; many at once point to something that they share."
      - "See which commands fail: GET /v1/latency?window=15m&service={{service}} has errors by operation. When all do, look at the database and at health-check first."
      - "Look at the last deploy, which the alert names. If it came shortly before, go back to the version before, then look for the reason."
      - "Follow one failing request from beginning to end: GET /v1/requests?window=15m&service={{service}}&status=error, then GET /v1/requests/<id>."
      - "When the errors come from someone else's API (429, 5xx, timeouts), slow down or switch the feature off, and tell the users so."
      - "The alert ends by itself when the rate stays under the recovery level for two minutes. If it was noise, say so on the alert; precision is counted by rule."
    runbook: docs/alerts.md#error-rate
    annotations: { impact: "Users of {{service}} get errors instead of answers." }

  - name: slow-responses
    measure: latency p95
    by: [service, operation]
    window: 5m
    every: 2s
    warning: { above: 2s, recover: 1600ms, for: 1m }
    critical: { above: 5s, recover: 4s, for: 0s }
    keepFiringFor: 2m
    minimumVolume: 20
    title: "{{service}} {{operation}}: one in twenty takes over {{value}}"
    description: >-
      The 95th percentile of {{operation}} in {{service}} passed {{threshold}}: one request in twenty takes longer than
      {{value}}. In a chat that reads as a bot that does not answer.
    playbook:
      - "See whether it is this command alone: GET /v1/latency?window=15m&service={{service}}. When all are slow, it is what they share: database, network, machine."
      - "Find slow requests: GET /v1/requests?window=15m&service={{service}}&operation={{operation}}&minDurationMs=2000, then see in GET /v1/requests/<id> which span takes the time."
      - "Waiting for a connection means that the pool is too small or that connections are not given back; look at errors that name the pool: GET /v1/logs?window=15m&service={{service}}&text=pool."
      - "Compare the load with an hour ago: GET /v1/series?metric=requests&step=1m&window=2h&service={{service}}. When it has grown, add a worker or limit the heaviest users."
      - "Look for a deploy shortly before, and go back if there is one."
    runbook: docs/alerts.md#slow-responses
    annotations: { impact: "Users wait for {{operation}}, and send it again." }

  - name: github-rate-limit
    measure: rate_limit
    by: [service, name]
    window: 15m
    every: 2s
    warning: { atMost: 20%, recover: 25%, for: 0s }
    critical: { atMost: 10%, recover: 15%, for: 0s }
    title: "{{service}}: {{value}} left of the limit {{name}}"
    description: >-
      Of the limit {{name}} (GitHub has core, search and graphql) {{service}} has {{value}} left. When it is spent, every
      call is refused until the limit is reset.
    playbook:
      - "See what uses it up: GET /v1/latency?window=1h&service={{service}} has the calls by operation, and requests that end with rate_limited show where it already hurts."
      - "See when it is reset: GET /v1/logs?window=15m&service={{service}}&text=rate, or the header x-ratelimit-reset of any answer."
      - "Put off what can wait: full synchronisations, backfills, polling. Users' own commands come last."
      - "Ask conditionally (If-None-Match): an answer 304 costs nothing. Ask for pages of 100."
      - "When it happens every day, use a GitHub App's token of its own for each installation instead of one for all."
    runbook: docs/alerts.md#github-rate-limit
    annotations: { impact: "Commands that need {{name}} fail once the limit is spent." }
`;
