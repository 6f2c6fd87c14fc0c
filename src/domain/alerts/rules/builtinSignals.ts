/** What was noticed by a check, a job, a first occurrence or the lack of any sign. */

/** Names such as `db`, `users-db`, `postgres-main`, and not `sandbox`. */
const databases = `(?i)(.*[^a-z])?[a-z]*db([^a-z].*)?|.*(database|postgres|mysql|mariadb|mongo|redis|sqlite).*`;

export const builtinSignals = `
  - name: health-check
    measure: health
    select: { name: '!~${databases}' }
    by: [service, name]
    window: 10m
    every: 2s
    warning: { atLeast: degraded, recover: degraded, for: 30s }
    critical: { atLeast: unhealthy, recover: unhealthy, for: 0s }
    keepFiringFor: 30s
    title: "{{service}}: {{name}} is {{value}}"
    description: "The health check {{name}} of {{service}} says {{value}}."
    playbook:
      - "Read what the check itself says: GET /v1/logs?window=15m&service={{service}}&text={{name}}."
      - "See whether requests fail as well: GET /v1/errors?window=15m&service={{service}}. If none do, the check may be what is wrong."
      - "See whether what {{name}} stands for runs and can be reached from the machine of {{service}}: process, port, certificate, name resolution."
      - "Restart what hangs once its logs are saved. When it comes back by itself within minutes, find out what it waited for."
    runbook: docs/alerts.md#health-check
    annotations: { impact: "What {{name}} stands for does not work, or soon will not." }

  - name: database-connection
    measure: health
    select: { name: '~${databases}' }
    by: [service, name]
    window: 10m
    every: 2s
    warning: { atLeast: degraded, recover: degraded, for: 30s }
    critical: { atLeast: unhealthy, recover: unhealthy, for: 0s }
    keepFiringFor: 30s
    title: "{{service}} cannot rely on its database {{name}}: {{value}}"
    description: >-
      The check of the connection to {{name}} says {{value}}. Nearly everything that {{service}} does needs it; alerts that
      follow from it are held back while it is unhealthy.
    playbook:
      - "See whether the database answers at all, from the machine of {{service}}: pg_isready, redis-cli ping, mysqladmin ping."
      - "If it is down, look at its disk first (df -h), then at its own log. A full disk is the usual reason; free space before starting it again."
      - "If it is up, count its connections against its limit. When they are used up, find who holds them: sessions idle in transaction, workers that were started twice."
      - "See what fails meanwhile: GET /v1/errors?window=15m&service={{service}}, GET /v1/requests?window=15m&service={{service}}&status=error."
      - "Was a password, a certificate or an address changed? GET /v1/logs?window=1h&service={{service}}&text=connection."
      - "When it is back, see that the queues drain: GET /v1/latency?window=5m&service={{service}}."
    runbook: docs/alerts.md#database-connection
    annotations: { impact: "Commands that read or write data fail for everyone." }

  - name: job-failed
    measure: job
    by: [service, name]
    window: 1d
    every: 2s
    warning: { atLeast: 1, recover: 1, for: 0s }
    critical: { atLeast: 3, recover: 1, for: 0s }
    title: "{{service}}: job {{name}} failed or was missed, {{value}} in a row"
    description: "Job {{name}} of {{service}} failed or was missed {{value}} times since it last succeeded."
    playbook:
      - "Read what it says: GET /v1/logs?window=1d&service={{service}}&text={{name}}, and GET /v1/errors?window=1d&service={{service}}."
      - "If it was missed and not failed, see whether the scheduler runs at all, and whether the clock or the time zone was changed."
      - "Correct the reason, run it once by hand, and see that it succeeds: the alert ends with the first success."
      - "See what depends on it: backups, reminders, synchronisation. Users may have to be told what did not happen."
    runbook: docs/alerts.md#job-failed
    annotations: { impact: "What {{name}} does for {{service}} has not been done." }

  - name: new-error
    measure: new_error
    by: [service, fingerprint]
    window: 30m
    every: 2s
    info: { atLeast: 1, recover: 1, for: 0s }
    title: "{{service}}: an error that was not seen before"
    description: "An error with the fingerprint {{fingerprint}} is new in {{service}}; it was seen {{value}} times so far."
    playbook:
      - "Look at it: GET /v1/errors/{{fingerprint}}?window=1h has its course, its places and its newest samples."
      - "Did it come with a deploy? Then decide now whether to go back; it is cheapest in the first minutes."
      - "How many users does it touch? The group tells. One user with an odd input can wait, a command that fails for all cannot."
      - "If it is harmless, write it as a log line instead of an error, so that it does not hide others."
    runbook: docs/alerts.md#new-error
    annotations: { impact: "Unknown yet; a fault that nobody has seen before." }

  - name: traffic-silent
    measure: silence
    by: [service]
    window: 1d
    every: 10s
    warning: { above: 10m, recover: 1m, for: 0s }
    critical: { above: 30m, recover: 1m, for: 0s }
    minimumVolume: 20
    title: "{{service}}: nothing heard for {{value}}"
    description: >-
      {{service}} sent events before and has sent none for {{value}}. It is stopped, cut off, or has lost its way of
      sending; a bot without users at night looks the same.
    playbook:
      - "See whether the process runs, and restart it if not. Its own log tells why it ended."
      - "Write to the bot. If it answers, only the sending of events is broken: its key (401), its address, or its queue."
      - "See whether others are silent too: GET /v1/status and GET /v1/kpis?window=1h. When all are, look at the network and at this engine."
      - "Has the token of the bot been revoked, or its webhook been taken by another process? Ask the platform: getWebhookInfo in Telegram."
      - "When it is merely quiet at night, select fewer services in this rule, or give it a mute time."
    runbook: docs/alerts.md#traffic-silent
    annotations: { impact: "{{service}} may not be running; nothing is known of it." }

  - name: traffic-anomaly
    measure: { anomaly: requests, days: 7 }
    by: [service]
    window: 15m
    every: 10s
    info: { above: 6, recover: 4, for: 5m }
    keepFiringFor: 10m
    minimumVolume: 20
    quiet: true
    title: "{{service}}: as much traffic as never at this hour"
    description: >-
      The number of requests to {{service}} is {{value}} deviations away from what it was at this hour of the past days.
    playbook:
      - "Look at its course: GET /v1/series?metric=requests&step=1m&window=6h&service={{service}}."
      - "More than usual: is it one user, or one command? GET /v1/latency?window=1h&service={{service}} has the counts; a loop or an abuse is one of them."
      - "Less than usual: does a part of the users get no answer? Compare GET /v1/kpis?window=1h&service={{service}} and look for errors."
    runbook: docs/alerts.md#traffic-anomaly
    annotations: { impact: "Perhaps none; something is different from usual." }

  - name: latency-anomaly
    measure: { anomaly: latency, days: 7 }
    by: [service]
    window: 15m
    every: 10s
    info: { above: 6, recover: 4, for: 5m }
    keepFiringFor: 10m
    minimumVolume: 20
    quiet: true
    title: "{{service}}: answers take another time than usual at this hour"
    description: >-
      The latency of {{service}} is {{value}} deviations away from what it was at this hour of the past days.
    playbook:
      - "Look at its course: GET /v1/series?metric=p95&step=1m&window=6h&service={{service}}."
      - "Find the command that changed: GET /v1/latency?window=1h&service={{service}}."
      - "Faster than usual can mean that requests end early: GET /v1/errors?window=1h&service={{service}}."
    runbook: docs/alerts.md#latency-anomaly
    annotations: { impact: "Perhaps none; something is different from usual." }
`;
