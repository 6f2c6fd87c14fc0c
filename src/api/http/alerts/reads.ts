import { z } from 'zod';
import type { EpisodeStanding } from '../../../domain/alerts/commands.ts';
import { severities } from '../../../domain/alerts/rule.ts';
import { ChronoscopeError } from '../../../domain/errors.ts';
import { readAlertHistory } from '../../../projections/queries/alertHistory.ts';
import { readPrecision } from '../../../projections/queries/alertPrecision.ts';
import {
  type AlertEpisode,
  type Presence,
  readAlert,
  searchAlerts,
} from '../../../projections/queries/alerts.ts';
import { readAlertNotifications } from '../../../projections/queries/notifications.ts';
import type { Reader } from '../../../projections/queries/reader.ts';
import { cursorOf, cursorText } from '../reads/cursor.ts';
import { presentQuery, wholeNumber, windowQuery, withWindow, wordsOf } from '../reads/query.ts';
import { presenceOf, type SelectDeps, selectionOf } from '../reads/select.ts';
import { about, aboutOf, count, rate } from '../reads/shapes.ts';
import type { AppInstance } from '../server.ts';
import { historyBody, shownHistory } from './history.ts';
import { precisionOf } from './precision.ts';
import { alertShape, alertStates, type FlagsOf, shownAlert } from './shapes.ts';

export interface AlertReadDeps extends SelectDeps {
  reader: Reader;
  flagsOf: FlagsOf;
}

export const alertParams = z.object({ id: z.string().min(1).max(64) });

const askedStates = [...alertStates, 'open'] as const;
const openStates = ['pending', 'firing', 'recovering'] as const;
/** What never fired is seldom looked for, and there can be much of it. */
const shownByDefault = ['open', 'resolved'] as const;

const alertsQuery = withWindow({
  state: wordsOf(askedStates)
    .describe(
      `Some of ${askedStates.join(', ')}, with commas; \`open\` is every one that is not over. Default: all but \`dismissed\``,
    )
    .meta({ example: 'firing,recovering' })
    .optional(),
  severity: wordsOf(severities)
    .describe(`Some of ${severities.join(', ')}, with commas`)
    .optional(),
  rule: z.string().min(1).max(200).describe('Only of this rule').optional(),
  limit: wholeNumber(1, 1_000).describe('Alerts to give; default 50').optional(),
  cursor: z
    .string()
    .min(1)
    .max(200)
    .describe('`nextCursor` of the page before, with the same filters')
    .optional(),
});

const alertsBody = z.object({
  ...about,
  alerts: z.array(alertShape).describe('Those that lasted into the window, the newest first'),
  nextCursor: z.string().optional().describe('For the next page; absent on the last'),
});

const judged = {
  fired: count,
  real: count,
  noise: count,
  duplicate: count,
  unjudged: count,
  precision: rate.describe('`real` of all that were judged, a fraction; absent while none was').optional(),
};

const precisionBody = z.object({
  ...about,
  rules: z.array(
    z.object({
      rule: z.string(),
      ...judged,
      days: z
        .array(z.object({ day: z.string().meta({ example: '2026-01-31' }), ...judged }))
        .describe('By the day (UTC) on which they fired; days without an alert are left out'),
    }),
  ),
});

export const unknownAlert = (): ChronoscopeError =>
  new ChronoscopeError('CHR_NOT_FOUND', 'There is no alert with this id.');

export function alertReadRoutes(app: AppInstance, deps: AlertReadDeps): void {
  const config = { role: 'user' } as const;
  const tags = ['alerts'];
  app.get(
    '/v1/alerts',
    {
      config,
      schema: {
        tags,
        summary: 'Alerts, the newest first',
        querystring: alertsQuery,
        response: { 200: alertsBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const { limit = 50, cursor, state, severity: severities, rule } = request.query;
      const states = (state ?? shownByDefault).flatMap((asked): readonly EpisodeStanding[] =>
        asked === 'open' ? openStates : [asked],
      );
      const page = await searchAlerts(
        deps.reader,
        selection,
        { states, severities, rule },
        { limit, cursor: cursorOf(cursor) },
      );
      return {
        ...aboutOf(selection),
        alerts: page.rows.map((episode) => shown(deps, selection, episode)),
        ...(page.next && { nextCursor: cursorText(page.next) }),
      };
    },
  );
  app.get(
    '/v1/alerts/precision',
    {
      config,
      schema: {
        tags,
        summary: 'How often each rule was right, as people judged',
        description: 'Of the alerts that fired within the window.',
        querystring: windowQuery,
        response: { 200: precisionBody },
      },
    },
    async (request) => {
      const selection = await selectionOf(deps, request, request.query);
      const found = await readPrecision(deps.reader, selection);
      return { ...aboutOf(selection), rules: found.map(precisionOf) };
    },
  );
  app.get(
    '/v1/alerts/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One alert with its whole history, and why each transition happened',
        params: alertParams,
        querystring: presentQuery,
        response: { 200: historyBody },
      },
    },
    async (request) => {
      const presence = await presenceOf(deps, request, request.query);
      const { id } = request.params;
      const [episode, steps, notifications] = await Promise.all([
        readAlert(deps.reader, presence, id),
        readAlertHistory(deps.reader, presence, id),
        readAlertNotifications(deps.reader, presence, id),
      ]);
      if (episode === undefined) throw unknownAlert();
      return { ...shown(deps, presence, episode), ...shownHistory(steps, notifications) };
    },
  );
}

/** What holds notifications back is only known of now. */
export function shown({ clock, flagsOf }: AlertReadDeps, { project, asOf }: Presence, episode: AlertEpisode) {
  const flags = asOf === undefined ? flagsOf(episode.id) : undefined;
  return shownAlert(episode, { project, now: asOf ?? clock(), flags });
}
