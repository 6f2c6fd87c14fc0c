import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LaneMessage } from '../../../src/projections/lanes/ports.ts';
import { at } from '../../contracts/laneTopic.ts';
import type { Counts } from './traffic.ts';

const dist = join(import.meta.dirname, '../../../dist/adapters');
const built = (file: string): string => JSON.stringify(pathToFileURL(join(dist, file)).href);

/** Reads as one of the group, hands each part to who started it, and passes on what that one has counted. */
const program = (options: object, group: string) => `
  const { openKafkaTopic } = await import(${built('kafka/topic.js')});
  const { compareNumbered, parseNumbered } = await import(${built('numberedFeed.js')});
  const positions = { compare: compareNumbered, parsePosition: parseNumbered };
  const topic = await openKafkaTopic({ ...${JSON.stringify(options)}, clientId: 'member', positions });
  const waiting = new Map();
  process.on('message', ({ ask, end }) => waiting.get(ask)(end));
  let asked = 0;
  const count = async (lane) => {
    const held = String(++asked) + '-' + process.pid;
    for await (const part of lane.messages()) {
      const ask = ++asked;
      const end = await new Promise((resolve) => {
        waiting.set(ask, resolve);
        process.send({ ask, lane: lane.lane, held, part });
      });
      waiting.delete(ask);
      lane.passed(end);
    }
  };
  const under = new Map();
  await topic.group(${JSON.stringify(group)}).start({
    assigned: (lane) => { under.set(lane.lane, count(lane)); },
    revoked: async (lane) => { await under.get(lane); },
    failed: () => {},
  });
`;

interface Asking {
  ask: number;
  lane: number;
  /** The same for as long as the lane is held without a break. */
  held: string;
  part: LaneMessage[];
}

/** A process of its own in the group, whose end at any moment is a machine's that loses its power. */
export function startMember(options: object, group: string, counts: Counts) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '-e', program(options, group)],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const ends = new Map<string, number>();
  let parts = 0;
  child.on('message', (message) => {
    const { ask, lane, held, part } = message as Asking;
    const end = counts.apply(lane, ends.get(held) ?? counts.endOf(lane), part);
    ends.set(held, end);
    parts++;
    if (child.connected) child.send({ ask, end: at(end) }, () => {});
  });
  return {
    /** How many it has handed over. */
    parts: () => parts,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
