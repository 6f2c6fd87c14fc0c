import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config.ts';
import { processRoles } from '../../src/domain/variables.ts';
import { composeFile, faultOf, type Service } from '../support/manifests.ts';

const files = ['docker-compose.yml', 'docker-compose.distributed.yml'] as const;
const distributed = composeFile('docker-compose.distributed.yml');
const isEngine = (service: Service) => service.image?.startsWith('${CHRONOSCOPE_IMAGE') ?? false;
const secretsOf = ({ secrets = [] }: Service) =>
  secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));
const seconds = (text = '0s') => Number(text.replace(/s$/, ''));

/** The engine's own time for giving back what it holds. */
const drainSeconds = 9;

let made = '';
const makeSecrets = () => spawnSync(process.execPath, ['deploy/makeSecrets.mjs', made], { encoding: 'utf8' });
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'chronoscope-secrets-'));
  makeSecrets();
});
afterAll(() => rmSync(made, { recursive: true, force: true }));
const secret = (name: string) => readFileSync(join(made, name), 'utf8').trim();

describe.each(files)('%s', (file) => {
  const { services, secrets } = composeFile(file);
  const engines = Object.entries(services).filter(([, service]) => isEngine(service));
  const entries = Object.entries(services);

  it('lets no process of the engine change itself, gain rights or outlive its stop', () => {
    for (const [name, service] of engines) {
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(seconds(service.stop_grace_period), name).toBeGreaterThan(drainSeconds);
    }
  });

  it('bounds the memory of everything, and lets nothing gain rights', () => {
    const lax = entries.filter(
      ([, { mem_limit, security_opt = [] }]) =>
        mem_limit === undefined || !security_opt.includes('no-new-privileges:true'),
    );
    expect(lax.map(([name]) => name)).toEqual([]);
  });

  it('pins every image that is not built here', () => {
    const foreign = entries.filter(([, service]) => !isEngine(service)).map(([, { image }]) => image ?? '');
    expect(foreign.filter((image) => !/^[\w./-]+:v?\d+\.\d+[\w.-]*$/.test(image))).toEqual([]);
  });

  it('knows of everything whether it is well, and waits for it', () => {
    // The image of the engine brings its own check.
    const unasked = entries.filter(
      ([, { image, healthcheck }]) => !isEngine({ image: image ?? '' }) && !healthcheck,
    );
    expect(unasked.map(([name]) => name)).toEqual([]);
    const waits = entries.flatMap(([, { depends_on = {} }]) => Object.values(depends_on));
    expect(waits.length).toBeGreaterThan(0);
    expect(waits.filter(({ condition }) => condition !== 'service_healthy')).toEqual([]);
  });

  it('opens its doors to this machine alone', () => {
    const ports = entries.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('has no password of its own, and every secret that it names', () => {
    const settings = entries.flatMap(([, { environment = {} }]) => Object.entries(environment));
    const plain = settings.filter(
      ([name, value]) => /PASSWORD|TOKEN|SECRET/.test(name) && !/^\$\{\w+:-\}$|^\/run\/secrets\//.test(value),
    );
    expect(plain).toEqual([]);
    const wanted = new Set(entries.flatMap(([, service]) => secretsOf(service)));
    expect(new Set(Object.keys(secrets))).toEqual(wanted);
    const paths = Object.values(secrets).map((one) => join(made, basename(one.file)));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('sets variables that exist; what is secret comes as a file or from the shell', () => {
    const settings = engines.flatMap(([, { environment = {} }]) => Object.entries(environment));
    const faults = settings
      .filter(([name, value]) => name.startsWith('CHRONOSCOPE_') && !/^\$\{\w+:-\}$/.test(value))
      .map(([name]) => faultOf(name));
    expect(faults.filter((fault) => fault !== '')).toEqual([]);
  });
});

describe('the distributed compose file', () => {
  const engines = Object.entries(distributed.services).filter(([, service]) => isEngine(service));

  it('has a process for each role', () => {
    expect(engines.map(([, { environment = {} }]) => environment.CHRONOSCOPE_ROLES).sort()).toEqual(
      [...processRoles].sort(),
    );
  });

  it('keeps the stores in a network without a way in or out', () => {
    expect(distributed.networks?.stores?.internal).toBe(true);
    const stores = ['kurrentdb', 'kafka', 'keeper', 'clickhouse', 'redis'];
    for (const store of stores)
      expect(distributed.services[store], store).toMatchObject({ networks: ['stores'] });
    expect(stores.filter((store) => distributed.services[store]?.ports !== undefined)).toEqual([]);
  });

  it('gives each process all files that its variables name', () => {
    for (const [name, service] of engines) {
      const wanted = Object.values(service.environment ?? {}).filter((value) =>
        value.startsWith('/run/secrets/'),
      );
      expect(wanted.map((path) => basename(path)).sort(), name).toEqual(secretsOf(service).sort());
    }
  });

  it('is a configuration that the engine takes, with the secrets that are made for it', () => {
    for (const [name, { environment = {} }] of engines) {
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, value.replace(/^\$\{\w+:-\}$/, '')]),
      );
      const read = (path: string) => secret(basename(path));
      expect(() => parseConfig(env, read), name).not.toThrow();
    }
  });

  it('has a database of the version that the read models are made for', () => {
    const page = readFileSync('docs/clickhouse.md', 'utf8');
    const order = (text: string) => {
      const [, year, month] = /(\d+)\.(\d+)/.exec(text) ?? [];
      return Number(year) * 100 + Number(month);
    };
    const images = ['clickhouse', 'keeper'].map((name) => distributed.services[name]?.image ?? '');
    const wanted = order(page.slice(page.indexOf("embedded engine's version, ")));
    expect(wanted).toBeGreaterThan(2600);
    expect(images.filter((image) => !(order(image) >= wanted))).toEqual([]);
  });

  it('scrapes every process', () => {
    const { scrape_configs } = parse(readFileSync('deploy/prometheus/distributed.yml', 'utf8'));
    expect(scrape_configs[0].dns_sd_configs[0].names.sort()).toEqual(engines.map(([name]) => name).sort());
  });
});

describe('makeSecrets', () => {
  it('makes each once, for nobody but the owner of the folder, and leaves what is there', () => {
    const before = readdirSync(made).map((name) => [name, secret(name)]);
    expect(makeSecrets()).toMatchObject({ status: 0, stdout: '' });
    expect(readdirSync(made).map((name) => [name, secret(name)])).toEqual(before);
    expect(new Set(before.map(([, text]) => text)).size).toBe(before.length);
    const another = mkdtempSync(join(tmpdir(), 'chronoscope-secrets-'));
    rmSync(another, { recursive: true });
    spawnSync(process.execPath, ['deploy/makeSecrets.mjs', another]);
    expect(statSync(another).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(another, 'admin-key'), 'utf8')).not.toBe(
      readFileSync(join(made, 'admin-key'), 'utf8'),
    );
    rmSync(another, { recursive: true });
  });

  it('tells the database a hash and not the password', () => {
    expect(secret('clickhouse-users.xml')).not.toContain(secret('clickhouse-password'));
    expect(secret('read-url')).toContain(secret('clickhouse-password'));
  });
});
