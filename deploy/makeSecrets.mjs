#!/usr/bin/env node
// @ts-check
// Makes the secrets of a distributed deployment, each in a file of its own, from nothing but randomness. What is there
// already stays as it is, so that a second run changes nothing.
// usage: node deploy/makeSecrets.mjs [folder]      default deploy/secrets, which git ignores
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, 'secrets'));
const words = (bytes = 24) => randomBytes(bytes).toString('base64url');
/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

// The folder is for its owner alone. The files in it are not: containers read them under uids of their own.
mkdirSync(folder, { recursive: true, mode: 0o700 });

/**
 * The secret of that name: the one that is there, or a new one.
 * @param {string} name
 * @param {() => string} make
 */
function secret(name, make) {
  const file = join(folder, name);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const text = make();
  writeFileSync(file, `${text}\n`, { mode: 0o644, flag: 'wx' });
  console.log(`made ${file}`);
  return text;
}

secret('admin-key', () => words(32));
secret('pseudonym-key', () => randomBytes(32).toString('hex'));
secret('grafana-password', () => words());

const redis = secret('redis-password', () => words());
secret('redis-url', () => `redis://:${redis}@redis:6379`);

// Neither speaks TLS or asks who calls in the compose file; the network that they are in is closed instead.
secret('log-url', () => 'kurrentdb://kurrentdb:2113?tls=false');
secret('feed-url', () => 'kafka://kafka:9092');

const clickhouse = secret('clickhouse-password', () => words());
secret('read-url', () => `http://chronoscope:${clickhouse}@clickhouse:8123/chronoscope`);
const analyst = secret('grafana-analyst-password', () => words());
secret('analysts', () => `grafana:${analyst}`);

// The server is told only a hash. `default`, who needs no password, goes.
secret(
  'clickhouse-users.xml',
  () => `<clickhouse>
  <users>
    <default remove="remove"/>
    <chronoscope>
      <password_sha256_hex>${sha256(clickhouse)}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </chronoscope>
  </users>
</clickhouse>`,
);
// Nodes ask each other as this account and not by a shared <secret>: with that, analysts would be refused
// (docs/clickhouse.md). A second node is a second <replica> here, and a server with macros of its own.
secret(
  'clickhouse-cluster.xml',
  () => `<clickhouse>
  <remote_servers replace="replace">
    <chronoscope>
      <shard>
        <internal_replication>true</internal_replication>
        <replica>
          <host>clickhouse</host>
          <port>9000</port>
          <user>chronoscope</user>
          <password>${clickhouse}</password>
        </replica>
      </shard>
    </chronoscope>
  </remote_servers>
</clickhouse>`,
);
