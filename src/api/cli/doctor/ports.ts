import { createServer } from 'node:net';
import { answers, findEngine } from '../running.ts';
import { type Check, type Finding, ok, problem } from './check.ts';
import { holderOf } from './portHolder.ts';

interface Door {
  name: string;
  variable: string;
  host: string;
  port: number;
}

export const ports: Check = async ({ settings }): Promise<Finding[]> => {
  if (settings === undefined) return [];
  const { host, port, sqlPort, dataFolder } = settings;
  const engine = await findEngine(dataFolder);
  const own = engine !== undefined && (await answers(engine.address)) ? engine : undefined;
  const doors: Door[] = [{ name: 'HTTP port', variable: 'CHRONOSCOPE_PORT', host, port }];
  if (sqlPort !== undefined)
    doors.push({ name: 'SQL port', variable: 'CHRONOSCOPE_SQL_PORT', host, port: sqlPort });
  return Promise.all(doors.map((door) => look(door, own?.pid)));
};

async function look(door: Door, ownPid: number | undefined): Promise<Finding> {
  const { name, variable, host, port } = door;
  if (port === 0) return ok(name, 'a free one will be taken');
  const refused = await tryListening(host, port);
  if (refused === undefined) return ok(name, `${host}:${port} is free`);
  if (refused === 'EADDRINUSE') {
    const holder = await holderOf(port);
    if (holder !== undefined && holder.pid === ownPid)
      return ok(name, `${host}:${port} is this folder's engine`);
    const who = holder === undefined ? 'another program' : `${holder.command} (process ${holder.pid})`;
    return problem(
      name,
      `${who} listens on ${host}:${port}`,
      `End it, or set ${variable} to another port; 0 takes a free one.`,
    );
  }
  if (refused === 'EACCES') {
    return problem(name, `only root may listen on ${port}`, `Set ${variable} to 1024 or more.`);
  }
  const advice = 'Set CHRONOSCOPE_HOST to an address of this machine, or 0.0.0.0.';
  return problem(name, `${host}:${port} cannot be listened on (${refused})`, advice);
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
