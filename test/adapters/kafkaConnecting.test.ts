import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Connection, soleConnecting } from '../../src/adapters/kafka/connecting.ts';

const require = createRequire(import.meta.url);
const ClientsConnection = require('kafkajs/src/network/connection.js');
const makeSocket = require('kafkajs/src/network/socketFactory.js')();

type Opened = Connection & { isConnected(): boolean; disconnect(): Promise<unknown> };

let server: Server;
let dialled = 0;
let hangsUp = false;
const opened: Opened[] = [];

beforeEach(async () => {
  soleConnecting();
  soleConnecting();
  [dialled, hangsUp] = [0, false];
  server = createServer((socket) => {
    socket.on('error', () => {});
    if (hangsUp) socket.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.disconnect();
  server.close();
});

function open(more: object = {}): Opened {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const socketFactory = (wanted: object) => {
    dialled++;
    return makeSocket(wanted);
  };
  const say = { debug: () => {}, error: () => {} };
  const logger = { ...say, namespace: () => say };
  const options = { host: '127.0.0.1', port, logger, socketFactory, requestTimeout: 1_000, ...more };
  const connection = new ClientsConnection({ connectionTimeout: 1_000, ...options });
  opened.push(connection);
  return connection;
}

it('those who find a connection down at the same time share one try', async () => {
  const connection = open();
  await Promise.all([connection.connect(), connection.connect(), connection.connect()]);
  expect(connection.isConnected()).toBe(true);
  expect(dialled).toBe(1);
});

it('one that was lost is dialled again', async () => {
  const connection = open();
  await connection.connect();
  await connection.disconnect();
  await connection.connect();
  expect(connection.isConnected()).toBe(true);
  expect(dialled).toBe(2);
});

it('a try that is cut off in the middle of a handshake ends, and another may begin', async () => {
  hangsUp = true;
  const connection = open({ ssl: {}, connectionTimeout: 50 });
  for (const times of [1, 2]) {
    await expect(connection.connect()).rejects.toThrow(/onnection|socket/i);
    expect(dialled).toBe(times);
  }
});

it('another version of it is refused, not changed', () => {
  class Other {
    async connect(): Promise<void> {}
  }
  expect(() => soleConnecting(Other)).toThrow(/kafkajs has changed/);
});
