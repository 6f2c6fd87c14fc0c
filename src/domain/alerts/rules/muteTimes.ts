import type { MuteTime } from '../rule.ts';
import type { Faults } from './faults.ts';
import { readUniqueName } from './routes.ts';
import type { Tree } from './tree.ts';
import { readFields, readFitting, readList, readText, refuse } from './values.ts';

const mostMuteTimes = 50;
const mostWeekdays = 7;
const mostZoneCharacters = 100;

const dayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

export function readMuteTimes(tree: Tree | undefined, faults: Faults): MuteTime[] {
  const names = new Set<string>();
  return readList(tree, (item) => readMuteTime(item, names, faults), faults, mostMuteTimes) ?? [];
}

function readMuteTime(tree: Tree, names: Set<string>, faults: Faults): MuteTime | undefined {
  const fields = readFields(tree, ['name', 'timeZone', 'weekdays', 'from', 'to'], faults);
  if (fields === undefined) return undefined;
  const name = readUniqueName(fields.need('name'), names, faults) ?? '';
  const timeZone = readTimeZone(fields.get('timeZone'), faults) ?? 'UTC';
  const days = readList(fields.get('weekdays'), (item) => readWeekdays(item, faults), faults, mostWeekdays);
  const from = readClock(fields.get('from'), faults) ?? 0;
  const to = readClock(fields.get('to'), faults) ?? 1_440;
  if (from === to)
    faults.add(fields.get('to') ?? fields.get('from') ?? tree, 'leaves nothing between from and to');
  const weekdays = [...new Set((days ?? []).flat())].sort((a, b) => a - b);
  return { name, timeZone, weekdays, from, to };
}

function readTimeZone(tree: Tree | undefined, faults: Faults): string | undefined {
  const text = readText(tree, faults, mostZoneCharacters);
  if (tree === undefined || text === undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch {
    return refuse(tree, faults, 'write the name of a time zone, such as Europe/Kyiv or UTC');
  }
}

const dayOf = (word: string): number =>
  word.length < 3 ? -1 : dayNames.findIndex((name) => name === word || name.slice(0, 3) === word);

/** `sat`, `monday`, `mon-fri`, and `fri-mon` over the end of the week. */
function readWeekdays(tree: Tree, faults: Faults): number[] | undefined {
  const text = tree.kind === 'scalar' ? tree.text.toLowerCase() : '';
  const [first = '', last = first, ...rest] = text.split('-');
  const [from, to] = [dayOf(first), dayOf(last)];
  if (from < 0 || to < 0 || rest.length > 0)
    return refuse(tree, faults, 'write a weekday or a range, such as sat or mon-fri');
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
}

/** Minutes of the day. */
function readClock(tree: Tree | undefined, faults: Faults): number | undefined {
  const form = /^(?:[01]?\d|2[0-3]):[0-5]\d$|^24:00$/;
  const text = readFitting(tree, form, 'write a time such as "07:00", up to "24:00"', faults);
  if (text === undefined) return undefined;
  const [hours = '', minutes = ''] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
