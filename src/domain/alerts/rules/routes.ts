import type { EscalationStep, MuteTime, Route } from '../rule.ts';
import type { Faults } from './faults.ts';
import { readDuration } from './figures.ts';
import { readLabelNames } from './rule.ts';
import { readMatchers } from './select.ts';
import type { Tree } from './tree.ts';
import { type Fields, meant, readFields, readFitting, readList, readSet, refuse } from './values.ts';

const routeKeys = [
  'name',
  'match',
  'channels',
  'groupBy',
  'groupWait',
  'groupInterval',
  'repeatInterval',
  'mute',
  'escalate',
] as const;
type RouteKey = (typeof routeKeys)[number];

const mostRoutes = 100;
const mostChannels = 20;
const mostMuteTimes = 20;
const mostSteps = 10;
const leastPauseMs = 1_000;

const nameForm = /^[a-z0-9_-]{1,100}$/;
const nameWanted = 'write 1 to 100 of a-z, 0-9, _ and -';
const channelForm = /^[A-Za-z0-9@:_-]{1,200}$/;

/** What takes whatever no other route has taken; no channels means every one that is configured. */
const catchAll: Route = {
  name: 'default',
  match: [],
  channels: [],
  // One fault is seen by several rules: who is woken by it wants one message.
  groupBy: ['service'],
  groupWaitMs: 2_000,
  groupIntervalMs: 60_000,
  repeatIntervalMs: 4 * 3_600_000,
  mute: [],
  escalate: [],
};

export function readRoutes(tree: Tree | undefined, muteTimes: readonly MuteTime[], faults: Faults): Route[] {
  const muteNames = muteTimes.map(({ name }) => name);
  const names = new Set<string>();
  let open: Route | undefined;
  const readNext = (item: Tree): Route | undefined => {
    if (open !== undefined)
      faults.add(item, `can never be reached, for ${open.name} before it takes everything`);
    const route = readRoute(item, muteNames, names, faults);
    if (route?.match.length === 0) open = route;
    return route;
  };
  const routes = readList(tree, readNext, faults, mostRoutes) ?? [];
  if (open !== undefined) return routes;
  if (tree !== undefined && names.has(catchAll.name))
    faults.add(
      tree,
      `has a route ${catchAll.name} with conditions; that is the name of the last one, which takes the rest`,
    );
  return [...routes, catchAll];
}

function readRoute(
  tree: Tree,
  muteNames: readonly string[],
  names: Set<string>,
  faults: Faults,
): Route | undefined {
  const fields = readFields(tree, routeKeys, faults);
  if (fields === undefined) return undefined;
  const name = readUniqueName(fields.need('name'), names, faults) ?? '';
  const match = readMatchers(fields.get('match'), faults);
  const groupBy = fields.get('groupBy');
  return {
    name,
    match: match ?? [],
    channels: readChannels(fields.get('channels'), faults) ?? [],
    groupBy: groupBy === undefined ? catchAll.groupBy : readLabelNames(groupBy, faults),
    ...readPauses(fields, faults),
    mute:
      readSet(fields.get('mute'), (item) => readMuteName(item, muteNames, faults), faults, mostMuteTimes) ??
      [],
    escalate: readEscalation(fields.get('escalate'), faults),
  };
}

export function readUniqueName(
  tree: Tree | undefined,
  names: Set<string>,
  faults: Faults,
): string | undefined {
  const name = readFitting(tree, nameForm, nameWanted, faults);
  if (tree === undefined || name === undefined) return undefined;
  if (names.has(name)) return refuse(tree, faults, 'another one has this name');
  names.add(name);
  return name;
}

function readPauses(
  fields: Fields<RouteKey>,
  faults: Faults,
): Pick<Route, 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'> {
  const repeat = fields.get('repeatInterval');
  const groupIntervalMs =
    readDuration(fields.get('groupInterval'), faults, { least: leastPauseMs }) ?? catchAll.groupIntervalMs;
  const repeatIntervalMs = readDuration(repeat, faults, { least: leastPauseMs }) ?? catchAll.repeatIntervalMs;
  if (repeatIntervalMs < groupIntervalMs)
    faults.add(
      repeat ?? fields.get('groupInterval') ?? fields.spot,
      'makes repeatInterval shorter than groupInterval',
    );
  const groupWaitMs = readDuration(fields.get('groupWait'), faults) ?? catchAll.groupWaitMs;
  return { groupWaitMs, groupIntervalMs, repeatIntervalMs };
}

function readChannels(tree: Tree | undefined, faults: Faults): string[] | undefined {
  const wanted = 'write the name of a channel, such as telegram or slack:ops';
  const channels = readSet(
    tree,
    (item) => readFitting(item, channelForm, wanted, faults),
    faults,
    mostChannels,
  );
  if (tree?.kind === 'list' && tree.items.length === 0)
    return faults.add(tree, 'is empty; name a channel, or leave the key out for every configured one');
  return channels;
}

function readMuteName(tree: Tree, muteNames: readonly string[], faults: Faults): string | undefined {
  const name = readFitting(tree, nameForm, nameWanted, faults);
  if (name === undefined || muteNames.includes(name)) return name;
  return refuse(tree, faults, meant(name, muteNames) || 'no mute time has this name');
}

function readEscalation(tree: Tree | undefined, faults: Faults): EscalationStep[] {
  let last = 0;
  const readStep = (item: Tree): EscalationStep | undefined => {
    const fields = readFields(item, ['after', 'channels'], faults);
    const after = fields?.need('after');
    const afterMs = readDuration(after, faults, { least: leastPauseMs });
    const channels = readChannels(fields?.need('channels'), faults);
    if (after === undefined || afterMs === undefined || channels === undefined) return undefined;
    if (afterMs <= last) return refuse(after, faults, 'each step comes later than the one before');
    last = afterMs;
    return { afterMs, channels };
  };
  return readList(tree, readStep, faults, mostSteps) ?? [];
}
