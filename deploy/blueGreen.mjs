#!/usr/bin/env node
// @ts-check
// A new version beside the live one, in Kubernetes: deployed, tested, given the traffic, and taken back if need be.
// Needs Node and kubectl. Exits 0 when done, 1 when something failed (the live colour then still has the traffic),
// 2 on wrong usage.
//
// usage: node deploy/blueGreen.mjs status
//        node deploy/blueGreen.mjs deploy --image registry.example.com/chronoscope:0.2.0 --key-file <file>
//                                  [--compare]     figures have to be those of the live colour: for new read models
//                                  [--no-switch]   only deploy and test
//        node deploy/blueGreen.mjs switch blue     turn the traffic to a colour without a test: the way back
//        node deploy/blueGreen.mjs retire          take the idle colour away
//   --namespace <name>       default chronoscope
//   --within <seconds>       how long a roll-out, and each step of the test, may take; default 300
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const doors = /** @type {const} */ (['ingest', 'api']);
const workloads = [...doors, 'project'];
/** @typedef {'blue' | 'green'} Colour */
/** @param {string} colour @returns {Colour} */
const otherThan = (colour) => (colour === 'blue' ? 'green' : 'blue');

function readOptions() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      image: { type: 'string' },
      'key-file': { type: 'string' },
      compare: { type: 'boolean', default: false },
      'no-switch': { type: 'boolean', default: false },
      namespace: { type: 'string', default: 'chronoscope' },
      within: { type: 'string', default: '300' },
    },
  });
  const [command = '', to, ...rest] = positionals;
  if (!['status', 'deploy', 'switch', 'retire'].includes(command) || rest.length > 0)
    throw new Error('one of: status, deploy, switch, retire');
  if (command === 'switch' ? to !== 'blue' && to !== 'green' : to !== undefined)
    throw new Error('switch, and only switch, takes a colour: blue or green');
  if (command === 'deploy' && !/^\S+(:[\w.-]+|@sha256:[0-9a-f]{64})$/.test(values.image ?? ''))
    throw new Error('deploy takes --image with a tag or a digest, so that the way back is known');
  if (command === 'deploy' && values['key-file'] === undefined)
    throw new Error('deploy takes --key-file, a file with a key of the role `user` for the smoke test');
  return { command, to: /** @type {Colour} */ (to), ...values };
}
/** @typedef {ReturnType<typeof readOptions>} Options */

/** @param {Options} options @param {string[]} args @param {string} [input] */
const kubectl = (options, args, input) =>
  execFileSync('kubectl', ['--namespace', options.namespace, ...args], {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
    input,
    maxBuffer: 1 << 26,
  });

/**
 * Which colour each door has; they differ when a switch was cut off.
 * @param {Options} options
 */
const coloursOf = (options) =>
  doors.map((door) => {
    const path = 'jsonpath={.spec.selector.chronoscope\\.dev/colour}';
    return kubectl(options, ['get', 'service', `chronoscope-${door}`, '-o', path]).trim();
  });

/** @param {Options} options @returns {Colour} */
function liveColour(options) {
  const [ingest, api] = coloursOf(options);
  if (ingest !== api)
    throw new Error(`a switch was cut off: ingest is ${ingest}, api is ${api}; switch to one of them`);
  if (ingest === 'blue' || ingest === 'green') return ingest;
  throw new Error('the Services choose no colour: kubectl apply -k deploy/kubernetes/live');
}

/** @param {Options} options @param {Colour} colour */
function roll(options, colour) {
  const rendered = execFileSync('kubectl', ['kustomize', join(here, 'kubernetes', 'colours', colour)], {
    encoding: 'utf8',
  });
  // Every container there is the engine's, whatever registry it comes from.
  const manifests = rendered.replace(/^(\s*(?:- )?image: ).*$/gm, `$1${options.image}`);
  kubectl(options, ['apply', '-f', '-'], manifests);
  waitFor(options, colour);
}

/** @param {Options} options @param {Colour} colour */
function waitFor(options, colour) {
  for (const workload of workloads)
    kubectl(options, [
      'rollout',
      'status',
      `deployment/chronoscope-${workload}-${colour}`,
      `--timeout=${options.within}s`,
    ]);
}

/**
 * A way to a Service that needs none from outside, closed by ending it.
 * @param {Options} options @param {string} service
 * @returns {Promise<{ url: string, close: () => void }>}
 */
function forward(options, service) {
  const child = spawn(
    'kubectl',
    ['--namespace', options.namespace, 'port-forward', `service/${service}`, ':7070'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (port !== undefined) resolve({ url: `http://127.0.0.1:${port}`, close: () => void child.kill() });
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`no way to ${service}`)));
  });
}

/** @param {Options} options @param {Colour} colour */
async function isSound(options, colour) {
  /** @type {{ url: string, close: () => void }[]} */
  const ways = [];
  /** @param {string} service */
  const open = async (service) => {
    const way = await forward(options, service);
    ways.push(way);
    return way.url;
  };
  try {
    const args = [
      '--url',
      await open(`chronoscope-api-${colour}`),
      '--ingest-url',
      await open(`chronoscope-ingest-${colour}`),
    ];
    if (options.compare) args.push('--compare', await open(`chronoscope-api-${otherThan(colour)}`));
    const smoke = [
      join(here, 'smokeTest.mjs'),
      ...args,
      '--key-file',
      options['key-file'] ?? '',
      '--within',
      options.within,
    ];
    return spawnSync(process.execPath, smoke, { stdio: 'inherit' }).status === 0;
  } finally {
    for (const way of ways) way.close();
  }
}

/** @param {Options} options @param {Colour} colour */
function turn(options, colour) {
  const patch = JSON.stringify({ spec: { selector: { 'chronoscope.dev/colour': colour } } });
  for (const door of doors) kubectl(options, ['patch', 'service', `chronoscope-${door}`, '--patch', patch]);
  console.log(`${colour} has the traffic; the way back: blueGreen.mjs switch ${otherThan(colour)}`);
}

/** @param {Options} options */
async function deploy(options) {
  const live = liveColour(options);
  const idle = otherThan(live);
  console.log(`${live} has the traffic; ${idle} gets ${options.image}`);
  roll(options, idle);
  if (!(await isSound(options, idle))) {
    console.log(`${idle} is not sound, and ${live} keeps the traffic`);
    return 1;
  }
  if (options['no-switch'])
    console.log(`${idle} is sound; give it the traffic: blueGreen.mjs switch ${idle}`);
  else turn(options, idle);
  return 0;
}

/** @param {Options} options */
async function run(options) {
  if (options.command === 'deploy') return deploy(options);
  if (options.command === 'switch') {
    // A colour that is not there, or not whole, must not get the traffic.
    waitFor(options, options.to);
    turn(options, options.to);
  } else if (options.command === 'status') {
    console.log(`${liveColour(options)} has the traffic`);
  } else {
    const idle = otherThan(liveColour(options));
    kubectl(options, ['delete', '--ignore-not-found', '-k', join(here, 'kubernetes', 'colours', idle)]);
    console.log(`${idle} is gone; there is no way back to it but another deploy`);
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
if (options !== undefined) {
  process.exitCode = await run(options).catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  });
}
