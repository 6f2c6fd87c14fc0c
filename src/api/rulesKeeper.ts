import { rulesStream } from '../domain/alerts/identity.ts';
import { eventOf } from '../domain/alerts/processor/decision.ts';
import type { RuleSet } from '../domain/alerts/rule.ts';
import { builtinRules } from '../domain/alerts/rules/builtin.ts';
import type { RuleFault } from '../domain/alerts/rules/faults.ts';
import { readRules, restoreRules } from '../domain/alerts/rules/read.ts';
import { ChronoscopeError } from '../domain/errors.ts';
import type { EventData } from '../domain/events/catalogue.ts';
import type { RecordedEvent } from '../domain/events/envelope.ts';
import type { Position } from '../domain/position.ts';
import type { EventLog } from '../projections/ports.ts';

/** The alert rules in force: decided from one stream, changed as a whole or not at all. */

export type RulesSource = EventData<'RulesChanged'>['source'];

export interface RulesInForce {
  revision: number;
  source: RulesSource;
  by: string;
  /** Epoch milliseconds. */
  changedAt: number;
  text: string;
  versions: Readonly<Record<string, number>>;
  ruleSet: RuleSet;
}

export interface RulesKeeper {
  current(): RulesInForce;
  /** Refuses a bad text with CHR_INVALID_RULES; one that says what is in force already changes nothing. */
  change(
    text: string,
    by: { source: RulesSource; name: string },
  ): Promise<{ changed: boolean; position: Position | undefined }>;
  /** A text that was taken from the file: what is wrong with it is kept to be shown, and the old rules stay. */
  offerFile(text: string): Promise<readonly RuleFault[]>;
  /** Of the file as it was last seen. */
  fileFaults(): readonly RuleFault[];
  refresh(): Promise<void>;
  /** Those that had been recorded by then. */
  asOf(time: number): Promise<RulesInForce | undefined>;
}

export interface RulesKeeperDeps {
  log: Pick<EventLog, 'append' | 'readStream'>;
  clock: () => number;
  newId: () => string;
  /** The file's text; then the file has the say, and `change` by others is refused. */
  fileText?: string | undefined;
  /** False where another process sees to it which rules are in force: they are read here, and changed when asked. */
  leads?: boolean;
}

const nobody = 'chronoscope';
const mostTries = 5;

export async function createRulesKeeper(deps: RulesKeeperDeps): Promise<RulesKeeper> {
  const { log, clock, newId } = deps;
  let known: RulesInForce | undefined;
  let nextRevision = 0;
  let faults: readonly RuleFault[] = [];
  let working: Promise<unknown> = Promise.resolve();

  /** One after the other: two that read the stream at the same time would count its events twice. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = working.then(work);
    working = turn.catch(() => undefined);
    return turn;
  }

  async function readOn(): Promise<void> {
    const events = await changesFrom(nextRevision);
    nextRevision += events.length;
    known = newestOf(events) ?? known;
  }

  const asOf = async (time: number): Promise<RulesInForce | undefined> =>
    newestOf((await changesFrom(0)).filter(({ recordedAt }) => recordedAt <= time));

  async function changesFrom(fromRevision: number): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const events of log.readStream(rulesStream, { fromRevision })) all.push(...events);
    return all;
  }

  const change = (text: string, by: { source: RulesSource; name: string }) => inTurn(() => decide(text, by));

  async function decide(text: string, { source, name: by }: { source: RulesSource; name: string }) {
    for (let attempt = 0; attempt < mostTries; attempt++) {
      await readOn();
      if (known?.text === text && known.source === source) return { changed: false, position: undefined };
      const before = { rules: known?.ruleSet.rules ?? [], versions: known?.versions ?? {} };
      const read = readRules(text, before);
      if (read.kind === 'refused') throw refusedRules(read.faults);
      const { versions } = read;
      const data = { revision: (known?.revision ?? 0) + 1, source, by, text, versions };
      const events = [eventOf('RulesChanged', data, { id: newId(), at: clock(), project: 'default' })];
      const expected = nextRevision === 0 ? 'none' : nextRevision - 1;
      const outcome = await log.append([{ stream: rulesStream, events, expected }]);
      if (outcome.kind === 'appended') {
        await readOn();
        return { changed: true, position: outcome.position };
      }
    }
    throw new ChronoscopeError('CHR_CONFLICT', 'Others keep changing the rules at the same moment.');
  }

  async function offerFile(text: string): Promise<readonly RuleFault[]> {
    const read = readRules(text);
    faults = read.kind === 'refused' ? read.faults : [];
    if (read.kind === 'read') await change(text, { source: 'file', name: nobody });
    return faults;
  }

  await readOn();
  const { leads = true } = deps;
  if (!leads) known ??= beforeTheFirst();
  else if (deps.fileText !== undefined) await offerFile(deps.fileText);
  // A newer engine brings newer rules of its own, unless someone has chosen others.
  else if (known === undefined || known.source !== 'api') {
    await change(builtinRules, { source: 'builtin', name: nobody });
  }

  return {
    current() {
      if (known === undefined) throw new Error('there are no rules that this engine can read');
      return known;
    },
    change(text, by) {
      const fromFile = deps.fileText !== undefined || (!leads && known?.source === 'file');
      if (fromFile && by.source === 'api') {
        throw new ChronoscopeError(
          'CHR_CONFLICT',
          'The rules come from the file that CHRONOSCOPE_RULES names; change them there.',
        );
      }
      return change(text, by);
    },
    offerFile,
    fileFaults: () => faults,
    refresh: () => inTurn(readOn),
    asOf,
  };
}

/** What the process that sees to the rules is going to record, unless it has others. */
function beforeTheFirst(): RulesInForce {
  const read = readRules(builtinRules);
  if (read.kind !== 'read') throw new Error('the built-in rules cannot be read');
  const { versions, ruleSet } = read;
  return { revision: 0, source: 'builtin', by: nobody, changedAt: 0, text: builtinRules, versions, ruleSet };
}

/** Reading a text takes longer than all else here, and only the newest counts. */
function newestOf(changes: readonly RecordedEvent[]): RulesInForce | undefined {
  for (const event of changes.toReversed()) {
    const rules = rulesOf(event);
    if (rules !== undefined) return rules;
  }
  return undefined;
}

/** Undefined for what this version of the engine cannot read any more. */
function rulesOf(event: RecordedEvent): RulesInForce | undefined {
  if (event.type !== 'RulesChanged') return undefined;
  const { text, versions, revision, source, by } = event.data;
  const read = restoreRules(text, versions);
  if (read.kind !== 'read') return undefined;
  return { revision, source, by, changedAt: event.occurredAt, text, versions, ruleSet: read.ruleSet };
}

export const refusedRules = (faults: readonly RuleFault[]): ChronoscopeError => {
  const [first] = faults;
  const where = first === undefined ? '' : `: line ${first.line}, column ${first.column}: ${first.message}`;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new ChronoscopeError('CHR_INVALID_RULES', `The rules were not taken${where}${more}`, {
    details: { faults },
  });
};
