import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeExamples } from '../../src/domain/native/examples.ts';
import { type Door, noon, openDoor, send, sendJson } from '../support/ingest.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

const uuid = (n: number) => `01939e1f-5b1c-7d35-8f52-${n.toString(16).padStart(12, '0')}`;

describe('POST /v1/events', () => {
  it('stores one event and says where the log stands', async () => {
    const { status, body } = await sendJson(door, nativeExamples.request);
    expect(status).toBe(200);
    expect(body).toEqual({ accepted: 1, duplicates: 0, rejected: [], position: await door.log.head() });
    const [event] = await door.stored();
    expect(event).toMatchObject({ type: 'RequestCompleted', project: 'shop', stream: 'request-req-7f3a' });
  });

  it('takes every example of the documentation, as a list and in its order', async () => {
    const examples = Object.values(nativeExamples);
    const { body } = await sendJson(door, examples);
    expect(body).toMatchObject({ accepted: examples.length, rejected: [] });
    expect((await door.stored()).map(({ type }) => type)).toEqual([
      'RequestCompleted',
      'ErrorCaptured',
      'LogWritten',
      'SpanCompleted',
      'MetricRecorded',
      'DeployRecorded',
      'JobRecorded',
      'HealthChecked',
      'RateLimitObserved',
      'FeedbackGiven',
    ]);
  });

  it('takes what is right and names what is not by its index', async () => {
    const { status, body } = await sendJson(door, [
      { type: 'log', message: 'one' },
      { type: 'lgo', message: 'two' },
      { type: 'log', message: 'three' },
      { type: 'metric', name: 'x' },
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, code: 'CHR_INVALID_EVENT', message: expect.stringContaining('did you mean `log`?') },
        { index: 3, code: 'CHR_INVALID_EVENT', message: 'a `metric` needs `value`, a number' },
      ],
    });
    expect(await door.stored()).toHaveLength(2);
  });

  it('answers 400 with the same list when nothing could be accepted', async () => {
    const { status, body } = await sendJson(door, [{ type: 'x' }, 7]);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'CHR_INVALID_EVENT',
      details: { rejected: [{ index: 0 }, { index: 1, message: 'an event is a JSON object, this is 7' }] },
    });
    expect(await door.stored()).toEqual([]);
  });

  it.each(['', '[]', '{', 'nonsense', '[{"type":"log"'])('answers 400 to %j', async (body) => {
    expect((await send(door, body)).status).toBe(400);
  });

  it('says where JSON stops being JSON', async () => {
    const { body } = await send(door, '[{"type":"log"},\n {"type":oops}]');
    expect(body.error?.code).toBe('CHR_INVALID_JSON');
    expect(body.error?.message).toContain('position 26 (line 2, column 10)');
  });

  it('counts what it has seen before as duplicates, in the log and in the same request', async () => {
    const event = (n: number) => ({ type: 'log', id: uuid(n), message: `m${n}` });
    await sendJson(door, [event(1), event(2)]);
    const { status, body } = await sendJson(door, [event(1), event(3), event(2), event(3), event(4)]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 2, duplicates: 3, rejected: [] });
    const again = await sendJson(door, [event(1), event(2)]);
    expect(again).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 2 } });
    expect((await door.stored()).map(({ id }) => id)).toEqual([uuid(1), uuid(2), uuid(3), uuid(4)]);
  });

  it('knows an id in upper case again', async () => {
    const id = 'ABCDEF01-5B1C-7D35-8F52-0123456789AB';
    await sendJson(door, { type: 'log', id, message: 'a' });
    const { body } = await sendJson(door, { type: 'log', id: id.toLowerCase(), message: 'a' });
    expect(body).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('keeps the same id of many requests at once as one event', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => sendJson(door, { type: 'log', id: uuid(9), message: 'once' })),
    );
    const accepted = answers.reduce((sum, { body }) => sum + Number(body.accepted), 0);
    expect({ accepted, stored: (await door.stored()).length }).toEqual({ accepted: 1, stored: 1 });
  });

  it('gives an event without time the time at which it came', async () => {
    await sendJson(door, { type: 'log', message: 'now' });
    expect(await door.stored()).toMatchObject([{ occurredAt: noon }]);
  });

  it('needs a key, and keeps a key in its project', async () => {
    const event = JSON.stringify({ type: 'log', message: 'm' });
    expect((await send(door, event, { authorization: '' })).status).toBe(401);
    expect((await send(door, event, {}, '?project=other')).status).toBe(403);
    expect((await send(door, event, {}, '?project=shop')).status).toBe(200);
    const all = { authorization: 'Bearer ingest-all' };
    expect((await send(door, event, all, '?project=other')).status).toBe(200);
    expect((await send(door, event, all)).status).toBe(200);
    expect((await send(door, event, all, '?project=')).status).toBe(400);
    expect((await door.stored()).map(({ project }) => project)).toEqual(['shop', 'other', 'default']);
  });

  it('refuses media types that it does not know', async () => {
    const { status, body } = await send(door, 'type=log', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect({ status, code: body.error?.code }).toEqual({ status: 415, code: 'CHR_UNSUPPORTED_MEDIA_TYPE' });
  });

  it('refuses more events than one request may carry', async () => {
    const { status, body } = await send(door, `[${'{},'.repeat(20_000)}{}]`);
    expect({ status, code: body.error?.code }).toEqual({ status: 413, code: 'CHR_BODY_TOO_LARGE' });
  });

  it('stands in the description of the API with its fields and examples', async () => {
    const description = door.app.swagger() as { paths?: Record<string, { post?: object }> };
    const route = description.paths?.['/v1/events']?.post;
    const text = JSON.stringify(route);
    expect(Object.keys((route as { requestBody: { content: object } }).requestBody.content)).toEqual([
      'application/json',
      'application/x-ndjson',
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
    ]);
    for (const part of ['rate_limited', 'parentSpanId', 'shop-bot', 'duplicates', 'project'])
      expect(text).toContain(part);
  });
});
