import { roles } from '../../domain/events/catalogue.ts';
import { nearest } from '../../domain/nearest.ts';
import type { KeyInfo } from '../keyring.ts';
import { accessDetails, accessOptions, openEngine } from './access.ts';
import { type Command, type Run, textOf } from './command.ts';
import { exitCodes, UsageError } from './exit.ts';
import type { EngineAccess } from './ports.ts';
import { table } from './text.ts';

const withEngine = async (run: Run, work: (engine: EngineAccess) => Promise<void>): Promise<number> => {
  const engine = await openEngine(run);
  try {
    await work(engine);
  } finally {
    await engine.close();
  }
  return exitCodes.done;
};

const shown = ({ issuedAt, revokedAt, ...key }: KeyInfo) => ({
  ...key,
  issuedAt: new Date(issuedAt).toISOString(),
  ...(revokedAt === undefined ? {} : { revokedAt: new Date(revokedAt).toISOString() }),
});

const listKeys = (run: Run) =>
  withEngine(run, async (engine) => {
    const keys = (await engine.listKeys()).map(shown);
    if (run.json) return run.printJson({ keys });
    const rows = keys.map(({ keyId, role, project, issuedAt, revokedAt, name }) => [
      keyId,
      role,
      project === '*' ? 'all' : project,
      issuedAt.slice(0, 10),
      revokedAt === undefined ? 'active' : 'revoked',
      name,
    ]);
    const [head = '', ...lines] = table(['ID', 'ROLE', 'PROJECT', 'ISSUED', 'STATE', 'NAME'], rows);
    run.print([run.paint.bold(head), ...lines].join('\n'));
  });

const createKey = (run: Run) => {
  const role = textOf(run.values, 'role') ?? 'ingest';
  const known = roles.find((each) => each === role);
  if (known === undefined) {
    const meant = nearest(role, roles);
    const hint = meant === undefined ? `the roles are ${roles.join(', ')}` : `did you mean ${meant}?`;
    throw new UsageError(`there is no role "${role}"`, hint);
  }
  const project = textOf(run.values, 'project') ?? 'default';
  const name = textOf(run.values, 'name') ?? `${known} key`;
  return withEngine(run, async (engine) => {
    const { key, info } = await engine.issueKey({ role: known, name, project });
    if (run.json) return run.printJson({ ...shown(info), key });
    const where = project === '*' ? 'every project' : `the project ${project}`;
    run.notes.write(`${info.keyId}: ${known} on ${where}. The key is shown this once and kept nowhere:\n`);
    run.print(key);
  });
};

const revokeKey = (run: Run) =>
  withEngine(run, async (engine) => {
    const info = await engine.revokeKey(run.positionals[0] ?? '');
    if (run.json) return run.printJson(shown(info));
    run.print(`${info.keyId} (${info.name}) is revoked.`);
  });

export const keyCommands: readonly Command[] = [
  {
    name: 'keys',
    summary: 'list, create and revoke the keys that callers use',
    details: [accessDetails],
    options: accessOptions,
    examples: [
      'chronoscope keys list',
      'chronoscope keys create --role ingest --project shop --name checkout-bot',
      'chronoscope keys revoke key_0f3a9c2b71d4e865',
    ],
    run: listKeys,
  },
  {
    name: 'keys list',
    summary: 'show every key, revoked ones included, without the keys themselves',
    details: [accessDetails],
    options: accessOptions,
    examples: ['chronoscope keys list --json'],
    run: listKeys,
  },
  {
    name: 'keys create',
    summary: 'issue a key and print it; this is the only time that it is shown',
    details: [accessDetails, `Roles, the least first: ${roles.join(', ')}.`],
    options: {
      role: { type: 'string', short: 'r', value: '<role>', help: 'what it may do; default ingest' },
      project: {
        type: 'string',
        short: 'p',
        value: '<project>',
        help: "the project it belongs to, or '*' for all; default default",
      },
      name: { type: 'string', short: 'n', value: '<name>', help: 'what it is for' },
      ...accessOptions,
    },
    examples: ["chronoscope keys create --role user --project '*' --name grafana"],
    run: createKey,
  },
  {
    name: 'keys revoke',
    summary: 'end a key at once; what it has sent stays',
    details: [accessDetails],
    positionals: ['id'],
    options: accessOptions,
    examples: ['chronoscope keys revoke key_0f3a9c2b71d4e865'],
    run: revokeKey,
  },
];
