import { z } from 'zod';
import { formatMatcher } from '../../domain/alerts/matchers.ts';
import type { RuleSet } from '../../domain/alerts/rule.ts';
import type { RuleFault } from '../../domain/alerts/rules/faults.ts';
import { readRules } from '../../domain/alerts/rules/read.ts';
import { measureText } from '../../domain/alerts/texts.ts';
import { ChronoscopeError } from '../../domain/errors.ts';
import { timeOf } from '../../projections/queries/selection.ts';
import { type RulesInForce, type RulesKeeper, refusedRules } from '../rulesKeeper.ts';
import { warningsOf } from '../ruleWarnings.ts';
import { callerOf } from './auth.ts';
import { presentQuery, strictQuery } from './reads/query.ts';
import { presenceOf, type SelectDeps } from './reads/select.ts';
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

const warnings = z.array(z.string()).describe('What is well said but will not do what it says');

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
  warnings,
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
  warnings,
});

export interface RulesRoutesDeps extends SelectDeps {
  rules: RulesKeeper;
  channels: readonly string[];
}

const mostBytes = 1_000_000;

export function rulesRoutes(app: AppInstance, deps: RulesRoutesDeps): void {
  const { rules, channels } = deps;
  const tags = ['alerts'];
  app.get(
    '/v1/rules',
    {
      config: { role: 'user' },
      schema: {
        tags,
        summary: 'The alert rules in force',
        description:
          'They are those of all projects. With `asOf`, those that were in force then; `channels`, `warnings` and `fileFaults` are always of now.',
        querystring: presentQuery,
        response: { 200: rulesBody },
      },
    },
    async (request) => {
      const { asOf } = await presenceOf(deps, request, request.query);
      await rules.refresh();
      const asked = asOf === undefined ? rules.current() : await rules.asOf(asOf);
      if (asked === undefined)
        throw new ChronoscopeError('CHR_NOT_FOUND', 'No rules had been recorded by then.');
      return shown(asked, channels, rules.fileFaults());
    },
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
          querystring: strictQuery({
            dryRun: z.enum(['true', 'false']).optional().describe('`true` only checks'),
          }),
          body: z.string().nullish().describe('The rules file'),
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
        return await put(deps, request.body ?? '', request.query.dryRun === 'true', caller.keyId);
      },
    );
  });
}

async function put({ rules, channels }: RulesRoutesDeps, text: string, dryRun: boolean, keyId: string) {
  const before = rules.current();
  const comparedWithBefore = (ruleSet: RuleSet) => ({
    rules: ruleSet.rules.map(({ name, version }) => {
      const known = before.ruleSet.rules.find((rule) => rule.name === name);
      const change = known === undefined ? 'added' : known.version === version ? 'same' : 'changed';
      return { name, version, change } as const;
    }),
    removed: before.ruleSet.rules
      .map(({ name }) => name)
      .filter((name) => !ruleSet.rules.some((rule) => rule.name === name)),
    warnings: warningsOf(ruleSet, channels),
  });
  if (dryRun) {
    const read = readRules(text, { rules: before.ruleSet.rules, versions: before.versions });
    if (read.kind === 'refused') throw refusedRules(read.faults);
    return { changed: false, revision: before.revision, ...comparedWithBefore(read.ruleSet) };
  }
  const { changed, position } = await rules.change(text, { source: 'api', name: keyId });
  const after = rules.current();
  return {
    changed,
    revision: after.revision,
    ...(position !== undefined && { position }),
    ...comparedWithBefore(after.ruleSet),
  };
}

function shown(
  { revision, source, by, changedAt, text, ruleSet }: RulesInForce,
  channels: readonly string[],
  fileFaults: readonly RuleFault[],
): z.infer<typeof rulesBody> {
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
    fileFaults: [...fileFaults],
  };
}
