import { createRequire } from 'node:module';

/** The part of the client's connection that is changed here; its types do not show it. */
export interface Connection {
  connect(): Promise<unknown>;
}

type ConnectionClass = { prototype: Connection };

const sole = Symbol.for('chronoscope.soleConnecting');

/**
 * By itself the client dials once for each request that finds a connection down: of several sockets one is used, and the
 * end of another, minutes later, tears down what the one is doing. Those who ask at the same time now share one try.
 */
export function soleConnecting(connection: ConnectionClass = clientsConnection()): void {
  const { prototype } = connection;
  if (Object.hasOwn(prototype, sole)) return;
  const dial = prototype.connect;
  if (!/createSocket\(/.test(String(dial)))
    throw new Error('The connection of kafkajs has changed: src/adapters/kafka/connecting.ts knows 2.2.4.');
  const trying = new WeakMap<Connection, Promise<unknown>>();
  prototype.connect = function (this: Connection): Promise<unknown> {
    const under = trying.get(this);
    if (under !== undefined) return under;
    const tried = dial.call(this).finally(() => trying.delete(this));
    trying.set(this, tried);
    return tried;
  };
  Object.defineProperty(prototype, sole, { value: true });
}

const clientsConnection = (): ConnectionClass =>
  createRequire(import.meta.url)('kafkajs/src/network/connection.js') as ConnectionClass;
