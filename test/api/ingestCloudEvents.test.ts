import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Door, openDoor, send, sendJson } from '../support/ingest.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const event = (more: object) => ({ specversion: '1.0', id: 'a-1', source: '/bot', type: 'request', ...more });
const newest = async () => (await door.stored()).at(-1);

describe('CloudEvents over HTTP', () => {
  it('are taken one by one in structured mode, the same one once', async () => {
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    const one = event({ data: { operation: 'search', durationMs: 5 } });
    expect((await sendJson(door, one, headers)).body).toMatchObject({ accepted: 1 });
    expect((await sendJson(door, one, headers)).body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await newest()).toMatchObject({
      type: 'RequestCompleted',
      service: '/bot',
      data: { operation: 'search' },
    });
  });

  it('are taken in batches, each judged alone', async () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const batch = [
      event({ id: 'b-1' }),
      event({ id: 'b-2', specversion: '2.0' }),
      event({ id: 'b-3', type: 'x.y' }),
    ];
    const { status, body } = await sendJson(door, batch, headers);
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'CHR_INVALID_EVENT' }] });
  });

  it('are taken in binary mode, the context from the headers', async () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'c-1',
      'ce-source': '/b%C3%B6t',
      'ce-type': 'dev.chronoscope.log',
    };
    const { body } = await send(door, '{"message":"binary"}', headers);
    expect(body).toMatchObject({ accepted: 1 });
    expect(await newest()).toMatchObject({
      type: 'LogWritten',
      service: '/böt',
      data: { message: 'binary' },
    });
  });

  it('of other types are taken in binary mode with data of any kind', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-source': '/x', 'ce-type': 'com.example.picture' };
    await send(door, 'plain words', { ...headers, 'ce-id': 'd-1', 'content-type': 'text/plain' });
    expect(await newest()).toMatchObject({ data: { message: 'plain words' } });
    await send(door, new Uint8Array([1, 2, 255]), {
      ...headers,
      'ce-id': 'd-2',
      'content-type': 'image/png',
    });
    expect(await newest()).toMatchObject({
      data: { message: 'com.example.picture', attributes: { data: 'AQL/' } },
    });
  });

  it('are refused with the reason when nothing of them can be taken', async () => {
    const { status, body } = await send(door, '{}', {
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-type': 'request',
    });
    expect({ status, message: body.error?.message }).toEqual({
      status: 400,
      message: 'The event was not accepted: a CloudEvent needs `source`, a text that is not empty',
    });
  });
});
