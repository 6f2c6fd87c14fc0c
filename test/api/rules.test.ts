import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { rulesRoutes } from '../../src/api/http/rules.ts';
import { type AppInstance, closeServer } from '../../src/api/http/server.ts';
import { createRulesKeeper, type RulesKeeper, type RulesKeeperDeps } from '../../src/api/rulesKeeper.ts';
import { rulesStream } from '../../src/domain/alerts/identity.ts';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import type { RecordedEvent } from '../../src/domain/events/envelope.ts';
import { createUuidV7Factory } from '../../src/domain/uuid.ts';
import { readAll } from '../support/ingest.ts';
import type { Answer } from '../support/reads.ts';
import { as, openServer } from '../support/server.ts';

const start = 1_790_000_000_000;
let now = start;
const newId = createUuidV7Factory({ now: () => now, randomBytes });

const rule = (name: string, above = '5%') => `
  - name: ${name}
    measure: error_rate
    by: [service]
    window: 5m
    warning: { above: ${above} }
`;
const rulesWith = (...rules: string[]): string => `rules:\n${rules.join('')}`;

let log: ReturnType<typeof createMemoryLog>;
let rules: RulesKeeper;
let app: AppInstance;

const openKeeper = (more: Partial<RulesKeeperDeps> = {}): Promise<RulesKeeper> =>
  createRulesKeeper({ log: { ...log, readStream: slowly }, clock: () => now, newId, ...more });

/** A log on a disk lets others have their turn, and gives what is there by then. */
async function* slowly(...asked: Parameters<typeof log.readStream>): ReturnType<typeof log.readStream> {
  await nextTurn();
  for await (const events of log.readStream(...asked)) {
    yield events;
    await nextTurn();
  }
}

async function open(more: Partial<RulesKeeperDeps> = {}): Promise<void> {
  rules = await openKeeper(more);
  app = await openServer();
  rulesRoutes(app, {
    rules,
    channels: ['webhook'],
    log,
    runner: { reached: async () => true },
    clock: () => now,
  });
  await app.ready();
}

beforeEach(async () => {
  now = start;
  log = createMemoryLog({ clock: () => now });
  await open();
});
afterEach(async () => {
  await closeServer(app, 1_000);
  await log.close();
});

async function put(
  text: string,
  { query = '', key = 'admin@*', type = 'application/yaml' } = {},
): Promise<{ status: number; body: Answer }> {
  const headers = { ...as(key), 'content-type': type };
  const answer = await app.inject({ method: 'PUT', url: `/v1/rules${query}`, headers, payload: text });
  return { status: answer.statusCode, body: answer.json() };
}

async function get(key = 'user@shop', query = ''): Promise<{ status: number; body: Answer }> {
  const answer = await app.inject({ url: `/v1/rules${query}`, headers: as(key) });
  return { status: answer.statusCode, body: answer.json() };
}

const recorded = async (): Promise<RecordedEvent[]> =>
  (await readAll(log)).filter(({ type }) => type === 'RulesChanged');

describe('GET /v1/rules', () => {
  it('shows the built-in rules as they are in force from the start, as one event', async () => {
    const { status, body } = await get();
    expect(status).toBe(200);
    expect(body).toMatchObject({ revision: 1, source: 'builtin', by: 'chronoscope', text: builtinRules });
    expect(body.rules.map(({ name }: Answer) => name)).toContain('error-rate');
    expect(body).toMatchObject({ channels: ['webhook'], warnings: [], fileFaults: [] });
    expect(await recorded()).toHaveLength(1);
    await openKeeper();
    expect(await recorded()).toHaveLength(1);
  });

  it.each([
    ['nonsense', 401],
    ['ingest@*', 403],
    ['user@shop', 200],
  ])('answers a key that is %s with %i', async (key, status) => {
    expect((await get(key)).status).toBe(status);
  });

  it('warns of a route to a channel that there is not, before and after it is in force', async () => {
    const warnings = ['The route all names the channel slack:ops, which is not configured.'];
    const text = `${rulesWith(rule('a'))}routes:\n  - name: all\n    channels: [slack:ops, webhook]\n`;
    expect((await put(text, { query: '?dryRun=true' })).body).toMatchObject({ changed: false, warnings });
    expect((await put(text)).body).toMatchObject({ changed: true, warnings });
    expect((await get()).body.warnings).toEqual(warnings);
  });

  it('shows the rules as they were with `asOf`', async () => {
    now += 1_000;
    await put(rulesWith(rule('a')));
    const then = await get('user@shop', `?asOf=${now - 1}`);
    expect(then.body).toMatchObject({ revision: 1, source: 'builtin' });
    const present = await get('user@shop', `?asOf=${now}&after=1`);
    expect(present.body).toMatchObject({ revision: 2, rules: [{ name: 'a' }] });
    expect((await get('user@shop', `?asOf=${start - 1}`)).body.error.code).toBe('CHR_NOT_FOUND');
  });

  it('says of a body that is not there what a file needs', async () => {
    const headers = as('admin@*');
    const answer = await app.inject({ method: 'PUT', url: '/v1/rules', headers });
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'CHR_INVALID_RULES']);
    expect(answer.json().error.message).toContain('the file is empty');
  });

  it('refuses a parameter that it does not know', async () => {
    const { status, body } = await get('user@shop', '?asof=1');
    expect([status, body.error.code]).toEqual([400, 'CHR_INVALID_REQUEST']);
    expect(body.error.message).toContain('did you mean "asOf"?');
  });
});

describe('PUT /v1/rules', () => {
  it.each([
    ['user@*', 403, 'CHR_FORBIDDEN'],
    ['power_user@*', 403, 'CHR_FORBIDDEN'],
    ['admin@shop', 403, 'CHR_FORBIDDEN'],
  ])('is refused to %s', async (key, status, code) => {
    const answer = await put(rulesWith(rule('a')), { key });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(await recorded()).toHaveLength(1);
  });

  it('replaces them all, and gives each rule a version that counts its changes', async () => {
    const first = await put(rulesWith(rule('a'), rule('b')));
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ changed: true, revision: 2, position: expect.any(String) });
    expect(first.body.removed).toContain('error-rate');
    const changed = await put(rulesWith(rule('a', '7%'), rule('b'), rule('c')));
    expect(changed.body).toMatchObject({
      revision: 3,
      rules: [
        { name: 'a', version: 2, change: 'changed' },
        { name: 'b', version: 1, change: 'same' },
        { name: 'c', version: 1, change: 'added' },
      ],
      removed: [],
    });
    const gone = await put(rulesWith(rule('b')));
    expect(gone.body.removed).toEqual(['a', 'c']);
    // What comes back goes on counting, for its alerts are told apart by it.
    const back = await put(rulesWith(rule('a'), rule('b')));
    expect(back.body.rules).toContainEqual({ name: 'a', version: 3, change: 'added' });
    expect((await get()).body).toMatchObject({ revision: 5, source: 'api', by: 'admin@*' });
    expect(new Set((await recorded()).map(({ stream }) => stream))).toEqual(new Set([rulesStream]));
  });

  it('changes nothing when they are in force already', async () => {
    await put(rulesWith(rule('a')));
    const again = await put(rulesWith(rule('a')));
    expect(again.body).toMatchObject({ changed: false, revision: 2 });
    expect(again.body.position).toBeUndefined();
    expect(await recorded()).toHaveLength(2);
  });

  it.each([
    ['a value that makes no sense', rulesWith(rule('a', 'much')), 7, 23, 'warning.above'],
    ['text that is no YAML', 'rules: [', 1, 9, ''],
    ['nothing', '', 1, 1, ''],
  ])('refuses %s whole, with line and column', async (_, text, line, column, path) => {
    for (const query of ['', '?dryRun=true']) {
      const { status, body } = await put(text, { query });
      expect([status, body.error.code]).toEqual([400, 'CHR_INVALID_RULES']);
      expect(body.error.details.faults[0]).toMatchObject({ line, column });
      expect(body.error.details.faults[0].path).toContain(path);
      expect(body.error.message).toContain(`line ${line}, column ${column}`);
    }
    expect((await get()).body).toMatchObject({ revision: 1, source: 'builtin' });
    expect(await recorded()).toHaveLength(1);
  });

  it('only says what would change, for a dry run', async () => {
    const { status, body } = await put(rulesWith(rule('a')), { query: '?dryRun=true' });
    expect([status, body.changed, body.revision]).toEqual([200, false, 1]);
    expect(body.rules).toEqual([{ name: 'a', version: 1, change: 'added' }]);
    expect(body.removed).toContain('error-rate');
    expect((await get()).body.source).toBe('builtin');
    expect((await put('rules: []', { query: '?dryRun=yes' })).status).toBe(400);
  });

  it.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/x-unknown'])(
    'takes rules in JSON as %s',
    async (type) => {
      const one = { name: 'a', measure: 'error_rate', by: ['service'], window: '5m' };
      const text = JSON.stringify({ rules: [{ ...one, critical: { above: 0.1 } }] });
      expect(await put(text, { type })).toMatchObject({ status: 200, body: { changed: true } });
      expect((await get()).body.rules).toMatchObject([{ name: 'a', levels: [{ threshold: 0.1 }] }]);
    },
  );

  it('takes a text that is longer than other bodies may be, up to a megabyte', async () => {
    const long = `${rulesWith(rule('a'))}${'# so it goes\n'.repeat(10_000)}`;
    expect((await put(long)).status).toBe(200);
    const tooLong = await put(`${rulesWith(rule('b'))}${'#'.repeat(1_000_001)}`);
    expect([tooLong.status, tooLong.body.error.code]).toEqual([413, 'CHR_BODY_TOO_LARGE']);
    expect(tooLong.body.error.message).toContain('1000000');
    expect((await get()).body.revision).toBe(2);
  });

  it('takes changes that come at the same moment one after the other', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const answers = await Promise.all(names.map((name) => put(rulesWith(rule(name)))));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const changes = await recorded();
    expect(changes.map(({ data }) => (data as Answer).revision)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const last = changes.at(-1)?.data as Answer;
    expect((await get()).body).toMatchObject({ revision: 9, text: last.text });
    // And the next one is none the worse for it.
    expect((await put(rulesWith(rule('z')))).body).toMatchObject({ changed: true, revision: 10 });
  });

  it('decides anew when another process was quicker', async () => {
    const other = await openKeeper();
    await put(rulesWith(rule('a')));
    const by = { source: 'api', name: 'ann' } as const;
    expect((await other.change(rulesWith(rule('a', '9%')), by)).changed).toBe(true);
    expect((await put(rulesWith(rule('a')))).body.rules).toEqual([
      { name: 'a', version: 3, change: 'changed' },
    ]);
    const restarted = await openKeeper();
    expect(restarted.current()).toMatchObject({ revision: 4, source: 'api', versions: { a: 3 } });
  });
});

describe('rules that come from a file', () => {
  const file = rulesWith(rule('from-file'));
  beforeEach(async () => {
    await closeServer(app, 1_000);
    await open({ fileText: file });
  });

  it('are in force from the start, and nobody else changes them', async () => {
    expect((await get()).body).toMatchObject({ source: 'file', text: file, revision: 2 });
    const { status, body } = await put(rulesWith(rule('a')));
    expect([status, body.error.code]).toEqual([409, 'CHR_CONFLICT']);
    expect(body.error.message).toContain('CHRONOSCOPE_RULES');
    expect(await recorded()).toHaveLength(2);
  });

  it('stay when a new text has a fault, which is shown until the file is right again', async () => {
    const faults = await rules.offerFile(rulesWith(rule('from-file', 'much')));
    expect(faults).toHaveLength(1);
    expect((await get()).body).toMatchObject({
      text: file,
      fileFaults: [{ line: 7, column: 23, message: expect.stringContaining('much') }],
    });
    expect(await rules.offerFile(rulesWith(rule('from-file', '8%')))).toEqual([]);
    expect((await get()).body).toMatchObject({ fileFaults: [], revision: 3, rules: [{ version: 2 }] });
  });

  it('give way to the built-in ones once there is no file any more', async () => {
    const without = await openKeeper();
    expect(without.current()).toMatchObject({ source: 'builtin', revision: 3 });
  });
});

describe('rules that people have chosen', () => {
  it('stay in force over restarts, whatever a newer engine brings', async () => {
    await put(rulesWith(rule('a')));
    expect((await openKeeper()).current()).toMatchObject({ source: 'api', revision: 2 });
  });
});

describe('rules in a process that does not see to them', () => {
  beforeEach(async () => {
    await closeServer(app, 1_000);
    log = createMemoryLog({ clock: () => now });
    await open({ leads: false });
  });

  it('are the built-in ones before the first, and nothing is recorded', async () => {
    expect((await get()).body).toMatchObject({ source: 'builtin', revision: 0 });
    expect(await recorded()).toHaveLength(0);
  });

  it('are those of the log, however that process has come by them', async () => {
    const file = rulesWith(rule('from-file'));
    const leading = await openKeeper({ fileText: file });
    await rules.refresh();
    expect(rules.current()).toMatchObject({ source: 'file', text: file });
    const { status, body } = await put(rulesWith(rule('a')));
    expect([status, body.error.message]).toEqual([409, expect.stringContaining('CHRONOSCOPE_RULES')]);
    expect(await recorded()).toHaveLength(1);
    expect(leading.current().revision).toBe(1);
  });

  it('are changed when somebody asks for it', async () => {
    await openKeeper();
    expect((await put(rulesWith(rule('a')))).status).toBe(200);
    expect((await openKeeper()).current()).toMatchObject({ source: 'api', revision: 2 });
  });
});
