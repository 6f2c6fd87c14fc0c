import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The versions that the adapter is tried on: the last one of the old line, and one without the oldest requests. */
export const kafkaVersions = ['3.9.1', '4.1.0'] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];

/** Outside of the repository, so that a fresh clone need not fetch it again. */
const cache = process.env.CHRONOSCOPE_TEST_CACHE ?? join(homedir(), '.cache', 'chronoscope-test');

const has = (command: string): boolean => spawnSync(command, ['-version']).status === 0;

/** The folder with everything that a broker needs, or why there is none. */
export function installedKafka(version: KafkaVersion): { folder: string } | { missing: string } {
  if (!has('java')) return { missing: 'there is no Java' };
  const folder = join(cache, `kafka-${version}`);
  if (isWhole(folder)) return { folder };
  if (!has('mvn')) return { missing: 'there is no Maven to fetch the broker with' };
  const { status, stdout, stderr } = spawnSync('mvn', [
    ...['-q', '-B', '-f', join(import.meta.dirname, 'pom.xml'), `-Dkafka.version=${version}`],
    ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`],
  ]);
  if (status === 0 && isWhole(folder)) return { folder };
  const said = `${stdout}${stderr}`.trim().split('\n').at(0) ?? '';
  return { missing: `Maven could not fetch Kafka ${version}: ${said}` };
}

const isWhole = (folder: string): boolean =>
  existsSync(folder) &&
  ['kafka_2.13-', 'slf4j-simple-'].every((needed) =>
    readdirSync(folder).some((name) => name.startsWith(needed)),
  );
