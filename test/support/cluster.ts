import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { adminKey } from './liveEngine.ts';
import { type Running, startProgram } from './program.ts';

/** One process of several that share a log. */
export interface Member {
  readonly name: string;
  origin: string;
  program: Running;
}

/** Processes with some of the roles each, as an operator starts them; each with a folder of its own. */
export function openCluster(folder: string, common: Readonly<Record<string, string>>) {
  const members = new Map<string, Member>();
  const settings = new Map<string, Readonly<Record<string, string>>>();

  async function start(name: string, roles: string, more: Readonly<Record<string, string>> = {}) {
    settings.set(name, { CHRONOSCOPE_ROLES: roles, ...more });
    return await again(name);
  }

  /** With what it was started with before, on its old folder. */
  async function again(name: string): Promise<Member> {
    const data = join(folder, name);
    await mkdir(data, { recursive: true });
    const program = startProgram(['serve'], {
      CHRONOSCOPE_DATA: data,
      CHRONOSCOPE_PORT: '0',
      CHRONOSCOPE_SQL_PORT: 'off',
      CHRONOSCOPE_ADMIN_KEY: adminKey,
      CHRONOSCOPE_LOG_LEVEL: 'info',
      CHRONOSCOPE_PSEUDONYM_KEY: '7'.repeat(64),
      ...common,
      ...settings.get(name),
    });
    const printed = await program.says(/data\s+\S/);
    const [origin = ''] = printed.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    const member = { name, origin, program };
    members.set(name, member);
    return member;
  }

  async function end(name: string, signal: NodeJS.Signals): Promise<void> {
    const member = members.get(name);
    member?.program.kill(signal);
    await member?.program.ended;
  }

  return {
    start,
    again,
    end,
    get: (name: string): Member => {
      const member = members.get(name);
      if (member === undefined) throw new Error(`there is no process ${name}`);
      return member;
    },
    async close() {
      for (const { program } of members.values()) program.kill('SIGKILL');
      await Promise.all([...members.values()].map(({ program }) => program.ended));
    },
  };
}

export type Cluster = ReturnType<typeof openCluster>;
