#!/usr/bin/env node
// @ts-check
// Asks a running Chronoscope whether it does what it is there for: takes an event, and shows it a moment later.
// Needs Node and nothing else. One line for each step; exits 0 when all are well, 1 when one is not, 2 on wrong usage.
//
// usage: node smokeTest.mjs --url http://127.0.0.1:7070 --key-file <file with a key of the role `user`>
//   --ingest-url <address>   where events go in, when that is another address
//   --compare <address>      another engine that has to give the same figures, such as the one that is live
//   --within <seconds>       how long each step may take; default 30
// The key may also come in CHRONOSCOPE_SMOKE_KEY. Its project gets one log line of the service `chronoscope-smoke`.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const hourMs = 3_600_000;
/** What was recorded in the last moments may be on its way to one engine and in the other already. */
const settledMs = 10_000;

/** @typedef {{ url: string, ingestUrl: string, compare: string | undefined, key: string, withinMs: number }} Options */

/** @returns {Options} */
function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      'ingest-url': { type: 'string' },
      compare: { type: 'string' },
      'key-file': { type: 'string' },
      within: { type: 'string', default: '30' },
    },
  });
  const { url, 'key-file': keyFile } = values;
  const key =
    keyFile === undefined ? process.env.CHRONOSCOPE_SMOKE_KEY : readFileSync(keyFile, 'utf8').trim();
  if (url === undefined) throw new Error('--url is missing, such as http://127.0.0.1:7070');
  if (!key) throw new Error('a key is missing: --key-file <file> or CHRONOSCOPE_SMOKE_KEY');
  const withinMs = Number(values.within) * 1_000;
  if (!(withinMs > 0)) throw new Error('--within takes a number of seconds');
  return { url, ingestUrl: values['ingest-url'] ?? url, compare: values.compare, key, withinMs };
}

/**
 * @param {Options} options
 * @param {string} address
 * @param {RequestInit} [init]
 */
async function ask(options, address, init = {}) {
  const answer = await fetch(address, {
    ...init,
    headers: { authorization: `Bearer ${options.key}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(options.withinMs),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(`${new URL(address).pathname} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/**
 * Tries until it does not throw, or the time is over.
 * @template T
 * @param {Options} options
 * @param {() => Promise<T>} attempt
 */
async function eventually(options, attempt) {
  const deadline = Date.now() + options.withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await wait(Math.min(500, options.withinMs / 10));
    }
  }
}

/** @param {Options} options @param {string} url */
async function isReady(options, url) {
  const { status, dependencies } = await eventually(options, () => ask(options, `${url}/ready`));
  return `${url} is ${status}: ${dependencies.map((/** @type {{name: string}} */ { name }) => name).join(', ')}`;
}

/** @param {Options} options @param {string} requestId */
async function takesAnEvent(options, requestId) {
  const event = {
    type: 'log',
    level: 'info',
    service: 'chronoscope-smoke',
    requestId,
    message: `smoke test ${requestId}`,
  };
  const answer = await ask(options, `${options.ingestUrl}/v1/events`, {
    method: 'POST',
    body: JSON.stringify(event),
  });
  if (answer.accepted !== 1) throw new Error(`the event was not accepted: ${JSON.stringify(answer)}`);
  return String(answer.position);
}

/** @param {Options} options @param {string} path @param {Record<string, string>} query */
const addressOf = (options, path, query, url = options.url) => `${url}${path}?${new URLSearchParams(query)}`;

/**
 * From the read store and not from the log: a read that waits for the projections to have passed the position.
 * @param {Options} options @param {string} requestId @param {string} after
 */
async function showsTheEvent(options, requestId, after) {
  const seconds = `${Math.max(1, Math.min(30, Math.floor(options.withinMs / 1_000)))}s`;
  const query = { after, wait: seconds, window: '1h', service: 'chronoscope-smoke', text: requestId };
  const { logs } = await eventually(options, () => ask(options, addressOf(options, '/v1/logs', query)));
  if (logs.length !== 1) throw new Error(`the event was found ${logs.length} times in /v1/logs, not once`);
}

/** @param {Options} options */
async function tellsWhereItStands(options) {
  const { head, projections } = await ask(options, `${options.url}/v1/positions`);
  const failing = projections.filter((/** @type {{error?: string}} */ { error }) => error !== undefined);
  if (projections.length === 0) throw new Error('no projection is there');
  if (failing.length > 0)
    throw new Error(
      `${failing.map((/** @type {{name: string, error: string}} */ one) => `${one.name}: ${one.error}`).join('; ')}`,
    );
  return `the log is at ${head}, ${projections.length} projections follow it without a fault`;
}

/**
 * The same questions about the same stretch of time, as it was known at one moment, put to both.
 * @param {Options} options @param {string} other @param {string} after
 */
async function givesTheSameFigures(options, other, after) {
  const asOf = Date.now() - settledMs;
  const query = {
    from: String(asOf - 24 * hourMs),
    to: String(asOf),
    asOf: String(asOf),
    after,
    wait: '30s',
  };
  for (const path of ['/v1/kpis', '/v1/latency', '/v1/errors']) {
    const [ours, theirs] = await Promise.all(
      [options.url, other].map((url) =>
        eventually(options, () => ask(options, addressOf(options, path, query, url))),
      ),
    );
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(`${path} differs from ${other}`);
  }
  return `KPIs, latency and errors of a day are those of ${other}`;
}

/** @param {Options} options */
async function smokeTest(options) {
  const requestId = `smoke-${randomUUID()}`;
  let position = '';
  /** @type {[string, () => Promise<string>][]} */
  const steps = [
    ['the reading side is ready', () => isReady(options, options.url)],
    ['the sending side is ready', () => isReady(options, options.ingestUrl)],
    [
      'an event is taken',
      async () => {
        position = await eventually(options, () => takesAnEvent(options, requestId));
        return `it is on disk at ${position}`;
      },
    ],
    [
      'it is shown',
      async () => {
        await showsTheEvent(options, requestId, position);
        return 'once, from the read store';
      },
    ],
    ['the engine says where it stands', () => tellsWhereItStands(options)],
  ];
  const { compare } = options;
  if (compare !== undefined)
    steps.push(['figures are the same', () => givesTheSameFigures(options, compare, position)]);
  for (const [name, step] of steps) {
    try {
      console.log(`ok    ${name}: ${await step()}`);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
      console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : error}${cause}`);
      return 1;
    }
  }
  return 0;
}

/** @type {Options | undefined} */
let options;
try {
  options = readOptions();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
if (options !== undefined) process.exitCode = await smokeTest(options);
