import { z } from 'zod';
import { ChronoscopeError } from '../../domain/errors.ts';
import { roles } from '../../domain/events/catalogue.ts';
import type { KeyInfo, Keyring } from '../keyring.ts';
import type { Caller } from '../ports.ts';
import { callerOf } from './auth.ts';
import type { AppInstance } from './server.ts';

const projectName = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'A project, or `*` for every one.', example: 'shop-bot' });

const wantedKey = z.strictObject({
  role: z.enum(roles),
  name: z.string().min(1).max(200).meta({ description: 'What it is for.', example: 'checkout bot' }),
  project: projectName.optional(),
});

const keyInfo = z.object({
  keyId: z.string().meta({ example: 'key_0f3a9c2b71d4e865' }),
  role: z.enum(roles),
  name: z.string(),
  project: projectName,
  issuedAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
});

const issuedKey = keyInfo.extend({
  key: z.string().meta({ description: 'The key itself. It is shown this once and kept nowhere.' }),
});

const keyIdParams = z.object({ id: z.string().min(1).max(64) });

export interface KeyRoutesDeps {
  keyring: Pick<Keyring, 'issue' | 'revoke' | 'list'>;
}

export function keyRoutes(app: AppInstance, { keyring }: KeyRoutesDeps): void {
  const config = { role: 'admin' } as const;
  app.get(
    '/v1/keys',
    {
      config,
      schema: {
        tags: ['keys'],
        summary: 'Every key, revoked ones included, without the keys themselves',
        response: { 200: z.object({ keys: z.array(keyInfo) }) },
      },
    },
    (request) => ({
      keys: keyring
        .list()
        .filter((key) => mayManage(callerOf(request), key.project))
        .map(shown),
    }),
  );
  app.post(
    '/v1/keys',
    {
      config,
      schema: { tags: ['keys'], summary: 'Issue a key', body: wantedKey, response: { 201: issuedKey } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { role, name, project = caller.project } = request.body;
      if (!mayManage(caller, project)) throw notYours(caller);
      const { key, info } = await keyring.issue({ role, name, project });
      return reply.code(201).send({ ...shown(info), key });
    },
  );
  app.delete(
    '/v1/keys/:id',
    {
      config,
      schema: { tags: ['keys'], summary: 'Revoke a key', params: keyIdParams, response: { 200: keyInfo } },
    },
    async (request) => {
      const caller = callerOf(request);
      const { id } = request.params;
      const known = keyring.list().find((key) => key.keyId === id);
      // A key of another project looks like none at all, so that ids cannot be probed.
      if (known === undefined || !mayManage(caller, known.project)) {
        throw new ChronoscopeError('CHR_NOT_FOUND', 'There is no key with this id.');
      }
      return shown(await keyring.revoke(id));
    },
  );
}

/** An admin of one project could otherwise issue itself a key for all. */
const mayManage = (caller: Caller, project: string): boolean =>
  caller.project === '*' || caller.project === project;

const notYours = (caller: Caller): ChronoscopeError =>
  new ChronoscopeError('CHR_FORBIDDEN', `This key can manage the keys of "${caller.project}" only.`);

const shown = ({ issuedAt, revokedAt, ...info }: KeyInfo): z.infer<typeof keyInfo> => ({
  ...info,
  issuedAt: new Date(issuedAt).toISOString(),
  ...(revokedAt === undefined ? {} : { revokedAt: new Date(revokedAt).toISOString() }),
});
