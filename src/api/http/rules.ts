import { z } from 'zod';
import { formatMatcher } from '../../domain/alerts/matchers.ts';
import { readRules } from '../../domain/alerts/rules/read.ts';
import { measureText } from '../../domain/alerts/texts.ts';
import { ChronoscopeError } from '../../domain/errors.ts';
import { timeOf } from '../../projections/queries/selection.ts';
import { type RulesInForce, type RulesKeeper, refusedRules } from '../rulesKeeper.ts';
import { callerOf } from './auth.ts';
import type { AppInstance } from './server.ts';

const fault = z.object({
  line: z.int(),
  column: z.int(),
  path: z.string().meta({ example: 'rules[3].critical.above' }),
  message: z.string(),
});

const level = z.object({
  severity: z.string(),
  comparison: z.string(),
  threshold: z.number(),
  recovery: z.number(),
  forMs: z.number(),
});

const rulesBody = z.object({
  revision: z.int().describe('Counts the changes of the rules as a whole'),
  source: z.enum(['builtin', 'file', 'api']),
  changedAt: z.string(),
  by: z.string(),
  text: z.string().describe('As it was given, in YAML or JSON; what `PUT` takes'),
  rules: z.array(
    z.object({
      name: z.string(),
      version: z.int(),
      measure: z.string(),
      select: z.array(z.string()),
      by: z.array(z.string()),
      windowMs: z.number(),
      everyMs: z.number(),
      levels: z.array(level),
      keepFiringForMs: z.number(),
      minimumVolume: z.number(),
      minimumFailures: z.number(),
      noData: z.string(),
      title: z.string(),
      description: z.string(),
      playbook: z.array(z.string()),
      runbook: z.string().optional(),
      dashboard: z.string().optional(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
      quiet: z.boolean(),
    }),
  ),
  channels: z.array(z.string()).describe('Those that are configured'),
  warnings: z.array(z.string()).describe('What is well said but will not do what it says'),
  fileFaults: z
    .array(fault)
    .describe('Of the file as it was last seen: the rules before it are still in force'),
});

const changedBody = z.object({
  changed: z.boolean().describe('False when they were in force already, or for a dry run'),
  revision: z.int(),
  position: z.string().optional().describe('Of the change, for `?after=`'),
  rules: z.array(
    z.object({ name: z.string(), version: z.int(), change: z.enum(['added', 'changed', 'same']) }),
  ),
  removed: z.array(z.string()),
});

export interface RulesRoutesDeps {
  rules: RulesKeeper;
  channels: readonly string[];
}

const mostBytes = 1_000_000;

export function rulesRoutes(app: AppInstance, { rules, channels }: RulesRoutesDeps): void {
  const tags = ['alerts'];
  app.get(
    '/v1/rules',
    {
      config: { role: 'user' },
      schema: { tags, summary: 'The alert rules in force', response: { 200: rulesBody } },
    },
    () => shown(rules, channels),
  );

  // Rules come as they are written, so that a fault can be told by its line.
  app.register(async (scope: AppInstance) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    scope.put(
      '/v1/rules',
      {
        bodyLimit: mostBytes,
        config: { role: 'admin' },
        schema: {
          tags,
          summary: 'Replace the alert rules',
          description:
            'The body is the whole file, YAML or JSON. A file with a fault is refused whole, each fault with its line and column, and the rules before it stay in force.',
          querystring: z.strictObject({
            dryRun: z.enum(['true', 'false']).optional().describe('`true` only checks'),
          }),
          consumes: ['application/yaml', 'application/json', 'text/plain'],
          response: { 200: changedBody },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        if (caller.project !== '*') {
          throw new ChronoscopeError(
            'CHR_FORBIDDEN',
            'The rules are those of all projects, and the key belongs to one.',
            {
              details: { project: caller.project, needed: '*' },
            },
          );
        }
        const text = typeof request.body === 'string' ? request.body : '';
        return await put(rules, text, request.query.dryRun === 'true', caller.keyId);
      },
    );
  });
}

async function put(rules: RulesKeeper, text: string, dryRun: boolean, keyId: string) {
  const before = rules.current();
  const compare = (versions: ReadonlyMap<string, number>) => ({
    rules: [...versions].map(([name, version]) => {
      const known = before.ruleSet.rules.find((rule) => rule.name === name);
      const change = known === undefined ? 'added' : known.version === version ? 'same' : 'changed';
      return { name, version, change } as const;
    }),
    removed: before.ruleSet.rules.map(({ name }) => name).filter((name) => !versions.has(name)),
  });
  const versionsOf = (all: RulesInForce['ruleSet']['rules']) =>
    new Map(all.map(({ name, version }) => [name, version]));
  if (dryRun) {
    const read = readRules(text, { rules: before.ruleSet.rules, versions: before.versions });
    if (read.kind === 'refused') throw refusedRules(read.faults);
    return { changed: false, revision: before.revision, ...compare(versionsOf(read.ruleSet.rules)) };
  }
  const { changed, position } = await rules.change(text, { source: 'api', name: keyId });
  const after = rules.current();
  return {
    changed,
    revision: after.revision,
    ...(position !== undefined && { position }),
    ...compare(versionsOf(after.ruleSet.rules)),
  };
}

function shown(rules: RulesKeeper, channels: readonly string[]): z.infer<typeof rulesBody> {
  const { revision, source, by, changedAt, text, ruleSet } = rules.current();
  return {
    revision,
    source,
    changedAt: timeOf(changedAt),
    by,
    text,
    rules: ruleSet.rules.map(({ measure, select, runbook, dashboard, by: labels, levels, ...rule }) => ({
      ...rule,
      measure: measureText(measure),
      select: select.map(formatMatcher),
      by: [...labels],
      levels: [...levels],
      playbook: [...rule.playbook],
      ...(runbook !== undefined && { runbook }),
      ...(dashboard !== undefined && { dashboard }),
    })),
    channels: [...channels],
    warnings: warningsOf(ruleSet, channels),
    fileFaults: [...rules.fileFaults()],
  };
}

function warningsOf({ policy }: RulesInForce['ruleSet'], channels: readonly string[]): string[] {
  if (channels.length === 0)
    return ['No channel is configured: alerts are decided and shown, and nobody is told.'];
  return policy.routes.flatMap(({ name, channels: wanted, escalate }) =>
    [...wanted, ...escalate.flatMap((step) => step.channels)]
      .filter((channel) => !channels.includes(channel))
      .map((channel) => `The route ${name} names the channel ${channel}, which is not configured.`),
  );
}
