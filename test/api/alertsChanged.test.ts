import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AlertEngine,
  at,
  brief,
  errors,
  foreign,
  iso,
  long,
  minute,
  openAlerts,
  past,
  pending,
  slow,
} from '../support/alertEngine.ts';
import { type Answer, present } from '../support/reads.ts';

let engine: AlertEngine;
beforeAll(async () => {
  engine = await openAlerts();
}, 120_000);
afterAll(() => engine.close());

describe('what people do', () => {
  const commands: [string, object][] = [
    ['acknowledge', {}],
    ['resolve', {}],
    ['feedback', { verdict: 'real' }],
  ];
  it.each(commands)('%s wants a power user, and an alert of the own project', async (verb, body) => {
    expect((await engine.send('POST', `/v1/alerts/${errors.id}/${verb}`, body, 'user@default')).status).toBe(
      403,
    );
    for (const id of [foreign.id, 'ep_none']) {
      const refused = await engine.send('POST', `/v1/alerts/${id}/${verb}`, body);
      expect([refused.status, refused.body.error.code]).toEqual([404, 'CHR_NOT_FOUND']);
    }
    expect(
      (await engine.send('POST', `/v1/alerts/${errors.id}/${verb}`, { ...body, nonsense: 1 })).status,
    ).toBe(400);
    expect((await engine.send('POST', `/v1/alerts/${errors.id}/${verb}?asOf=1`, body)).status).toBe(400);
  });

  it('acknowledges once, and says who was first', async () => {
    const path = `/v1/alerts/${errors.id}/acknowledge`;
    const first = await engine.send('POST', path, { comment: 'mine, password hunter2' });
    expect(first.status).toBe(200);
    const acknowledged = { by: 'power_user@default', at: iso(present), comment: 'mine, password [password]' };
    expect(first.body).toMatchObject({ id: errors.id, acknowledged, position: expect.any(String) });
    const again = await engine.send('POST', path, undefined, 'admin@default');
    expect([again.status, again.body.error.code]).toEqual([409, 'CHR_CONFLICT']);
    expect(again.body.error.details).toEqual({ by: 'power_user@default', at: iso(present) });
    const { body } = await engine.get(`/v1/alerts/${errors.id}?after=${first.body.position}`);
    expect(body.acknowledged).toEqual(acknowledged);
  });

  it('of many at once, one acknowledges', async () => {
    const path = `/v1/alerts/${slow.id}/acknowledge`;
    const all = await Promise.all(Array.from({ length: 8 }, () => engine.send('POST', path)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('takes an alert as done, while it fires and once', async () => {
    const done = await engine.send('POST', `/v1/alerts/${errors.id}/resolve`, { comment: 'rolled back' });
    expect([done.status, done.body.state]).toEqual([200, 'firing']);
    const { body } = await engine.get(`/v1/alerts/${errors.id}?after=${done.body.position}`);
    expect(body.resolutionRequested).toMatchObject({ by: 'power_user@default', comment: 'rolled back' });
    for (const [alert, verb] of [
      [errors, 'resolve'],
      [pending, 'resolve'],
      [past, 'resolve'],
      [past, 'acknowledge'],
      [brief, 'acknowledge'],
    ] as const) {
      const { status } = await engine.send('POST', `/v1/alerts/${alert.id}/${verb}`);
      expect([alert.id, verb, status]).toEqual([alert.id, verb, 409]);
    }
  });

  it('judges as often as one likes, and the last judgement counts', async () => {
    const path = `/v1/alerts/${errors.id}/feedback`;
    await engine.send('POST', path, { verdict: 'noise' });
    const last = await engine.send('POST', path, {
      verdict: 'duplicate',
      duplicateOf: long.id,
      comment: 'the database',
    });
    expect(last.body.verdict).toBe('duplicate');
    const { body } = await engine.get(`/v1/alerts/${errors.id}?after=${last.body.position}`);
    expect(body.verdict).toBe('duplicate');
    expect(body.feedback).toMatchObject([
      { verdict: 'noise', by: 'power_user@default' },
      { verdict: 'duplicate', duplicateOf: long.id, comment: 'the database' },
    ]);
  });

  it.each([
    {},
    { verdict: 'maybe' },
    { verdict: 'real', duplicateOf: long.id },
    { verdict: 'duplicate', duplicateOf: 'ep_none' },
    { verdict: 'duplicate', duplicateOf: foreign.id },
    { verdict: 'duplicate', duplicateOf: errors.id },
    { verdict: 'real', comment: '' },
  ])('refuses the judgement %j', async (body) => {
    const answer = await engine.send('POST', `/v1/alerts/${errors.id}/feedback`, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'CHR_INVALID_REQUEST']);
  });

  it('counts into the precision of rules', async () => {
    const judged = await engine.send('POST', `/v1/alerts/${past.id}/feedback`, { verdict: 'real' });
    const read = async (query: string) =>
      (await engine.get(`/v1/alerts/precision?after=${judged.body.position}&${query}`)).body.rules;
    const rules = await read('window=7d');
    expect(rules.map((one: Answer) => one.rule)).toEqual([
      'database-health',
      'request-errors',
      'slow-requests',
    ]);
    expect(rules[0]).toMatchObject({ fired: 1, unjudged: 1 });
    expect(rules[0].precision).toBeUndefined();
    expect(rules[1]).toMatchObject({
      fired: 2,
      real: 1,
      noise: 0,
      duplicate: 1,
      unjudged: 0,
      precision: 0.5,
    });
    expect(rules[1].days).toMatchObject([
      { day: iso(at(3_000)).slice(0, 10), real: 1, precision: 1 },
      { day: iso(at(28)).slice(0, 10), duplicate: 1, precision: 0 },
    ]);
    expect(await read('window=7d&service=shop')).toMatchObject([{ rule: 'slow-requests' }]);
    expect(await read('window=1m')).toEqual([]);
  });
});

describe('/v1/silences', () => {
  const make = (body: object, key?: string) => engine.send('POST', '/v1/silences', body, key);
  const states = async (query = ''): Promise<string[]> =>
    (await engine.get(`/v1/silences?${query}`)).body.silences.map(
      (one: Answer) => `${one.comment} ${one.state}`,
    );

  it('are made, shown by their state, and ended', async () => {
    const active = await make({
      matchers: ['service="bot"', { label: 'operation', operator: '=~', value: 'a.*' }],
      duration: '1h',
      comment: 'moving',
    });
    expect(active.status).toBe(201);
    expect(active.body).toEqual({
      id: expect.stringMatching(/^sil_/),
      project: 'default',
      state: 'active',
      matchers: [
        { label: 'service', operator: '=', value: 'bot', text: 'service="bot"' },
        { label: 'operation', operator: '=~', value: 'a.*', text: 'operation=~"a.*"' },
      ],
      from: iso(present),
      until: iso(present + 60 * minute),
      comment: 'moving',
      by: 'power_user@default',
      createdAt: iso(present),
      position: expect.any(String),
    });
    const future = await make({
      matchers: ['service=db'],
      from: present + minute,
      until: iso(present + 2 * minute),
      comment: 'later',
    });
    const { position, ...made } = active.body;
    const { body } = await engine.get(`/v1/silences?after=${future.body.position}`);
    expect(body.silences).toContainEqual(made);
    expect(await states('state=active')).toEqual(['moving active']);
    expect(await states('state=future')).toEqual(['later future']);
    expect(await states(`asOf=${present - 1}`)).toEqual([]);

    const other = await engine.send('DELETE', `/v1/silences/${made.id}`, undefined, 'power_user@other');
    expect([other.status, other.body.error.code]).toEqual([404, 'CHR_NOT_FOUND']);
    expect((await engine.send('DELETE', `/v1/silences/${made.id}`, undefined, 'user@default')).status).toBe(
      403,
    );
    const ended = await engine.send('DELETE', `/v1/silences/${made.id}`);
    expect(ended.body).toMatchObject({ id: made.id, by: 'power_user@default', endedAt: iso(present) });
    expect(await states(`state=expired&after=${ended.body.position}`)).toEqual(['moving expired']);
    expect((await engine.send('DELETE', `/v1/silences/${made.id}`)).status).toBe(409);
    expect((await engine.send('DELETE', '/v1/silences/sil_none')).status).toBe(404);
    expect(Number(ended.body.position)).toBeGreaterThan(Number(position));

    engine.setClock(present + 3 * minute);
    expect(await states('state=expired')).toHaveLength(2);
    expect((await engine.send('DELETE', `/v1/silences/${future.body.id}`)).status).toBe(409);
    engine.setClock(present);
  });

  const good = { matchers: ['service="bot"'], duration: '1h', comment: 'x' };
  it.each<[string, object]>([
    ['no comment', { matchers: ['service="bot"'], duration: '1h' }],
    ['no end', { matchers: ['service="bot"'], comment: 'x' }],
    ['two ends', { ...good, until: present + minute }],
    ['no matchers', { ...good, matchers: [] }],
    ['a matcher that is none', { ...good, matchers: ['service'] }],
    ['a broken pattern', { ...good, matchers: [{ label: 'service', operator: '=~', value: '(' }] }],
    ['a pattern with a secret', { ...good, matchers: ['service=~"hunter2|x"'] }],
    ['matchers that fit everything', { ...good, matchers: ['service=~".*"', 'team=""'] }],
    [
      'an end before its begin',
      { ...good, duration: undefined, from: present + 2 * minute, until: present + minute },
    ],
    ['an end in the past', { ...good, duration: undefined, until: present - minute }],
    ['an end that is no time', { ...good, duration: undefined, until: 'soon' }],
    ['a length that is none', { ...good, duration: '1y' }],
  ])('refuses %s', async (_, body) => {
    const answer = await make(body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'CHR_INVALID_REQUEST']);
  });

  it('are for power users to make', async () => {
    expect((await make(good, 'user@default')).status).toBe(403);
    expect((await make(good, 'power_user@default')).status).toBe(201);
  });
});
