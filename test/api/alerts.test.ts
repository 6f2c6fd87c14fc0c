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
const idsOf = (body: Answer): string[] => body.alerts.map((one: Answer) => one.id);
const list = async (query = ''): Promise<string[]> => idsOf((await engine.get(`/v1/alerts?${query}`)).body);

beforeAll(async () => {
  engine = await openAlerts();
}, 120_000);
afterAll(() => engine.close());

const everyRead = ['/v1/alerts', '/v1/alerts/precision', `/v1/alerts/${errors.id}`, '/v1/silences'];
const join = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

describe('every read of alerts', () => {
  it.each(everyRead)('%s wants a key of a reader, and keeps to its project', async (path) => {
    expect((await engine.get(path, 'nonsense')).status).toBe(401);
    expect((await engine.get(path, 'ingest@default')).status).toBe(403);
    const own = await engine.get(path);
    expect(own.status).toBe(200);
    expect(JSON.stringify(own.body)).not.toContain('leak');
    expect(JSON.stringify(own.body)).not.toContain('null');
    expect((await engine.get(join(path, 'project=other'))).status).toBe(403);
  });

  it.each(everyRead)('%s waits for a position and refuses what it does not know', async (path) => {
    const head = await engine.log.head();
    expect((await engine.get(join(path, `after=${head}`))).status).toBe(200);
    const late = await engine.get(join(path, `after=${Number(head) + 9}&wait=10ms`));
    expect([late.status, late.body.error.code]).toEqual([504, 'CHR_WAIT_TIMEOUT']);
    const unknown = await engine.get(join(path, 'projekt=x'));
    expect([unknown.status, unknown.body.error.message]).toEqual([
      400,
      expect.stringContaining('did you mean'),
    ]);
    expect((await engine.get(join(path, 'asOf=later'))).status).toBe(400);
  });

  it.each(['/v1/alerts', '/v1/alerts/precision', '/v1/silences', `/v1/alerts/${errors.id}`])(
    '%s takes no SQL in any parameter',
    async (path) => {
      for (const attack of ["' OR 1=1 --", "x') UNION ALL SELECT 'leak", '\\', '\u0000', '{x:String}']) {
        for (const name of ['service', 'operation', 'rule', 'state', 'severity', 'cursor', 'from', 'limit']) {
          const { status, body } = await engine.get(join(path, `${name}=${encodeURIComponent(attack)}`));
          expect([name, attack, status < 500]).toEqual([name, attack, true]);
          expect(JSON.stringify(body)).not.toContain('leak"');
        }
      }
      const { status } = await engine.get(`/v1/alerts/${encodeURIComponent("' OR 1=1 --")}`);
      expect(status).toBe(404);
    },
  );
});

describe('/v1/alerts', () => {
  it.each([
    ['', [pending, errors, slow, long]],
    ['state=firing', [errors, long]],
    ['state=recovering', [slow]],
    ['state=firing,recovering', [errors, slow, long]],
    ['state=open', [pending, errors, slow, long]],
    ['state=pending', [pending]],
    ['state=dismissed', [brief]],
    ['state=resolved', []],
    ['state=resolved&window=7d', [past]],
    ['severity=critical', [errors, long]],
    ['severity=warning,critical&state=firing', [errors, long]],
    ['rule=slow-requests', [slow]],
    ['service=db', [long]],
    ['operation=checkout', [slow]],
    ['window=1m', [pending, errors, slow, long]],
    [`from=${at(25)}&to=${at(19.5)}`, [errors, slow, long]],
    [`state=open,dismissed&from=${at(25)}&to=${at(19.5)}`, [brief, errors, slow, long]],
    [`from=${at(100)}&to=${at(51)}`, [long]],
    ['limit=2', [pending, errors]],
  ])('finds by %j', async (query, expected) => {
    expect(await list(query)).toEqual(expected.map(({ id }) => id));
  });

  it.each(['state=burning', 'severity=bad', 'state=', 'limit=0', 'cursor=x', 'window=1y'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await engine.get(`/v1/alerts?${query}`);
      expect([status, body.error.code]).toEqual([400, 'CHR_INVALID_REQUEST']);
    },
  );

  it('goes through all pages without a gap or a repetition', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page += 1) {
      const { body } = await engine.get(`/v1/alerts?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...idsOf(body));
      if (body.nextCursor === undefined) break;
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(await list());
  });

  it('shows an alert with all that is known of it, the newest figures that were not an amendment', async () => {
    engine.flags.set(errors.id, { silencedBy: ['sil_1'], inhibitedBy: [], flapping: true, muted: false });
    const { body } = await engine.get('/v1/alerts?rule=request-errors');
    engine.flags.clear();
    expect(body.alerts).toEqual([
      {
        id: errors.id,
        rule: 'request-errors',
        ruleVersion: 1,
        project: 'default',
        labels: { project: 'default', service: 'bot' },
        severity: 'critical',
        state: 'firing',
        title: 'request-errors, badly',
        description: 'Too many requests fail.',
        startedAt: iso(at(30)),
        firedAt: iso(at(28)),
        durationMs: 28 * minute,
        value: 0.12,
        threshold: 0.1,
        quiet: false,
        silencedBy: ['sil_1'],
        inhibitedBy: [],
        flapping: true,
        muted: false,
        runbook: 'https://wiki.example.org/x',
      },
    ]);
  });

  it('asOf shows what was known then', async () => {
    const { body } = await engine.get(`/v1/alerts?rule=request-errors&asOf=${present - 5}`);
    expect(body.alerts).toMatchObject([{ severity: 'warning', title: 'request-errors of bot' }]);
    expect(await list(`state=pending&asOf=${present - 5}`)).toEqual([]);
  });

  it('another project sees its own', async () => {
    const { body } = await engine.get('/v1/alerts', 'user@other');
    expect(idsOf(body)).toEqual([foreign.id]);
  });
});

describe('/v1/alerts/:id', () => {
  it('gives the history, and why each transition happened', async () => {
    const { body } = await engine.get(`/v1/alerts/${errors.id}`);
    expect(body.transitions.map((one: Answer) => [one.number, one.type, one.state, one.severity])).toEqual([
      [1, 'AlertSuspected', 'pending', 'warning'],
      [2, 'AlertFired', 'firing', 'warning'],
      [3, 'AlertSeverityChanged', undefined, 'critical'],
      [4, 'AlertAmended', undefined, undefined],
      [5, 'AlertDataLost', undefined, undefined],
    ]);
    expect(body.transitions[1]).toMatchObject({
      time: iso(at(28)),
      recordedAt: iso(present - 10),
      position: expect.stringMatching(/^\d+$/),
      evidence: {
        window: { from: expect.stringMatching(/Z$/), to: expect.stringMatching(/Z$/) },
        value: 0.12,
        condition: 'error_rate above 0.1',
        deploys: [{ time: iso(at(33)), name: 'v2' }],
      },
    });
    expect(body.transitions[4].cause).toBe('no_traffic');
    expect(body).toMatchObject({
      playbook: ['Look at the newest deploy.'],
      annotations: { owner: 'shop' },
      feedback: [],
    });
    expect(body.notifications).toEqual([
      {
        id: 'n-1',
        channel: 'telegram',
        route: 'default',
        reason: 'fired',
        severity: 'warning',
        state: 'delivered',
        attempts: 2,
        time: iso(at(28)),
        deliveredAt: iso(at(27)),
        tookMs: 90,
        lastError: 'busy',
      },
      {
        id: expect.any(String),
        route: 'default',
        reason: 'silenced',
        because: 'sil_1',
        state: 'withheld',
        attempts: 0,
        time: iso(at(20)),
      },
    ]);
  });

  it('asOf leaves out what came later', async () => {
    const { body } = await engine.get(`/v1/alerts/${errors.id}?asOf=${present - 5}`);
    expect(body.transitions).toHaveLength(2);
    expect(body.notifications).toHaveLength(1);
    expect((await engine.get(`/v1/alerts/${pending.id}?asOf=${present - 5}`)).status).toBe(404);
  });

  it('an alert of another project looks like none', async () => {
    const known = await engine.get(`/v1/alerts/${foreign.id}`);
    const unknown = await engine.get('/v1/alerts/ep_none');
    expect(known.status).toBe(404);
    expect(known.body.error.code).toBe(unknown.body.error.code);
    expect(known.body.error.message).toBe(unknown.body.error.message);
  });
});

describe('/v1/alerts/:id/triage', () => {
  it('is for power users and tells what the evidence points to', async () => {
    const path = `/v1/alerts/${errors.id}/triage`;
    expect((await engine.get(path)).status).toBe(403);
    const { status, body } = await engine.get(path, 'power_user@default');
    expect(status).toBe(200);
    expect(body).toMatchObject({ found: true, suggestions: ['Look at the newest deploy.'] });
    expect(body.rootCauses.map((one: Answer) => one.cause)).toEqual([
      'the deploy of bot v2',
      'what the alert database-health of db tells of',
    ]);
    const times = body.timeline.map((one: Answer) => one.time);
    expect(times).toEqual([...times].sort());
    expect(new Set(body.timeline.map((one: Answer) => one.kind))).toEqual(
      new Set(['deploy', 'related_alert', 'step', 'notification']),
    );
  });

  it.each(['ep_none', foreign.id])('finds nothing for %s', async (id) => {
    const { body } = await engine.get(`/v1/alerts/${id}/triage`, 'power_user@default');
    expect(body).toMatchObject({ found: false, timeline: [], rootCauses: [] });
  });
});

describe('the status', () => {
  it('tells what fires, the worst first, within 50 ms', async () => {
    const took: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const began = performance.now();
      await engine.get('/v1/status');
      took.push(performance.now() - began);
    }
    // Other tests may have the processor at the same moment.
    expect(Math.min(...took)).toBeLessThan(50);
    const { body } = await engine.get('/v1/status');
    expect(body.alerts.counts).toEqual({ info: 0, warning: 1, critical: 2 });
    expect(body.alerts.firing.map((one: Answer) => [one.id, one.state, one.since])).toEqual([
      [errors.id, 'firing', iso(at(30))],
      [long.id, 'firing', iso(at(600))],
      [slow.id, 'recovering', iso(at(50))],
    ]);
    const other = await engine.get('/v1/status', 'user@other');
    expect(other.body.alerts.firing).toMatchObject([{ id: foreign.id, title: 'leak' }]);
  });
});

it('the API describes every route', async () => {
  const { body } = await engine.get('/openapi.json');
  for (const [path, methods] of Object.entries({
    '/v1/alerts': ['get'],
    '/v1/alerts/precision': ['get'],
    '/v1/alerts/{id}': ['get'],
    '/v1/alerts/{id}/triage': ['get'],
    '/v1/alerts/{id}/acknowledge': ['post'],
    '/v1/alerts/{id}/resolve': ['post'],
    '/v1/alerts/{id}/feedback': ['post'],
    '/v1/silences': ['get', 'post'],
    '/v1/silences/{id}': ['delete'],
  })) {
    expect([path, Object.keys(body.paths[path] ?? {})]).toEqual([path, methods]);
  }
  const [, alert] = Object.entries(body.paths['/v1/alerts'].get.responses['200'].content)[0] as [
    string,
    Answer,
  ];
  expect(Object.keys(alert.schema.properties)).toEqual(['project', 'from', 'to', 'alerts', 'nextCursor']);
});
