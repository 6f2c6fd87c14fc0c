import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { backtestModes } from '../../domain/alerts/backtest/result.ts';
import { roles } from '../../domain/events/catalogue.ts';
import { asPosition } from '../../domain/position.ts';
import type { Verification } from '../../projections/rebuild.ts';
import { readTimes } from '../backtestTimes.ts';
import { CommandError } from './exit.ts';
import type { HttpClient } from './httpClient.ts';
import type { EngineAccess, JobOptions } from './ports.ts';

const keyInfo = z
  .object({
    keyId: z.string(),
    role: z.enum(roles),
    name: z.string(),
    project: z.string(),
    issuedAt: z.string(),
    revokedAt: z.string().optional(),
  })
  .transform(({ issuedAt, revokedAt, ...info }) => ({
    ...info,
    issuedAt: Date.parse(issuedAt),
    ...(revokedAt !== undefined && { revokedAt: Date.parse(revokedAt) }),
  }));
const keyList = z.object({ keys: z.array(keyInfo) });
const issuedKey = z.object({ key: z.string() }).and(keyInfo);

const progress = z.object({
  projection: z.string(),
  phase: z.string(),
  eventsRead: z.number(),
  eventsTotal: z.number(),
});
const job = z.object({
  job: z.object({
    id: z.string(),
    state: z.string(),
    progress: z.unknown().optional(),
    result: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).nullish(),
  }),
});

const daySum = z.object({ rows: z.number(), checksum: z.string() });
const verifications = z.array(
  z
    .object({
      projection: z.string(),
      position: z.string().nullish(),
      rows: z.number(),
      differences: z.array(
        z.object({
          table: z.string(),
          day: z.string(),
          present: daySum.nullish(),
          expected: daySum.nullish(),
        }),
      ),
    })
    .transform(
      ({ position, differences, ...rest }): Verification => ({
        ...rest,
        position: position == null ? undefined : asPosition(position),
        differences: differences.map(({ table, day, present, expected }) => ({
          table,
          day,
          present: present ?? undefined,
          expected: expected ?? undefined,
        })),
      }),
    ),
);

const backtestProgress = z.object({
  pass: z.number(),
  passes: z.number(),
  eventsRead: z.number(),
  eventsTotal: z.number(),
});
const backtested = z
  .object({
    mode: z.enum(backtestModes),
    events: z.number(),
    rules: z.array(z.object({ rule: z.string(), fired: z.number(), firingMs: z.number() }).loose()),
    gaps: z.object({}).loose(),
    fixture: z.string().optional(),
  })
  .loose();

const pollMs = 250;

/** The same work, done by an engine that runs elsewhere, asked for over HTTP. */
export function remoteEngine(client: HttpClient): EngineAccess {
  /** Follows a job to its end; an interrupt here cancels it there. */
  async function follow(
    path: string,
    wanted: object,
    { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress: (progress: unknown) => void },
  ): Promise<unknown> {
    let { job: state } = await client.call('POST', path, job, wanted);
    const url = `/v1/jobs/${encodeURIComponent(state.id)}`;
    while (state.state === 'queued' || state.state === 'running') {
      try {
        await wait(pollMs, undefined, { ...(signal && { signal }) });
      } catch {
        await client.call('DELETE', url, job);
        throw new CommandError('interrupted', 'interrupted; the job was cancelled');
      }
      ({ job: state } = await client.call('GET', url, job));
      if (state.progress != null) onProgress(state.progress);
    }
    if (state.error) throw new CommandError(state.error.code, state.error.message);
    if (state.state === 'cancelled')
      throw new CommandError('cancelled', 'the job was cancelled by someone else');
    return state.result;
  }

  function onReadModels(path: string, { projections, onProgress, signal }: JobOptions): Promise<unknown> {
    const wanted = projections.length === 0 ? {} : { projections };
    return follow(path, wanted, { signal, onProgress: (told) => onProgress(progress.parse(told)) });
  }

  return {
    where: `the engine at ${client.address}`,
    listKeys: async () => (await client.call('GET', '/v1/keys', keyList)).keys,
    async issueKey(wanted) {
      const { key, ...info } = await client.call('POST', '/v1/keys', issuedKey, wanted);
      return { key, info };
    },
    revokeKey: (keyId) => client.call('DELETE', `/v1/keys/${encodeURIComponent(keyId)}`, keyInfo),
    verify: async (options) => verifications.parse(await onReadModels('/v1/verifications', options)),
    rebuild: async (options) => z.array(z.string()).parse(await onReadModels('/v1/rebuilds', options)),
    async backtest(wanted, { onProgress, signal }) {
      const tell = (told: unknown) => onProgress(backtestProgress.parse(told));
      const { fixture, ...result } = backtested.parse(
        await follow('/v1/backtests', wanted, { signal, onProgress: tell }),
      );
      const found = { result: readTimes(result) };
      return fixture === undefined ? found : { ...found, fixture: Buffer.from(fixture, 'base64') };
    },
    close: async () => undefined,
  };
}
