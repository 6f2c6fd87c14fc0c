import type { Position } from '../../domain/position.ts';
import type {
  AssignedLane,
  DeadLetter,
  DeadLetters,
  LaneGroup,
  LaneMessage,
  LaneWriter,
} from '../../projections/lanes/ports.ts';
import { HeadSignal } from '../headSignal.ts';

export interface MemoryTopicOptions {
  lanes: number;
  compare: (a: Position, b: Position) => number;
  /** A part that is handed out has no more messages. */
  partMessages?: number;
}

type Handlers = Parameters<LaneGroup['start']>[0];

interface Lane {
  readonly messages: LaneMessage[];
  readonly grown: HeadSignal;
}

interface Member {
  readonly handlers: Handlers;
  held: AbortController;
  lanes: number[];
}

/** One of a group; `lose` is what the others see when its process dies or cannot be reached. */
export interface MemoryMember extends LaneGroup {
  lose(): void;
}

/** A topic in lanes within this process: its readers share it like processes share the real one. */
export function createMemoryLaneTopic({ lanes, compare, partMessages = 500 }: MemoryTopicOptions) {
  const all = Array.from({ length: lanes }, (): Lane => ({ messages: [], grown: new HeadSignal() }));
  const groups = new Map<string, Group>();
  const letters: DeadLetter[] = [];

  const writer: LaneWriter = {
    lanes,
    async write(messages) {
      for (const [lane, added] of messages) {
        all[lane]?.messages.push(...structuredClone(added));
        all[lane]?.grown.notify();
      }
    },
    newest: async () =>
      all.map(({ messages }) =>
        messages.reduce<Position | undefined>(
          (newest, { position }) =>
            newest === undefined || compare(position, newest) > 0 ? position : newest,
          undefined,
        ),
      ),
    ping: async () => undefined,
    close: async () => undefined,
  };

  function groupOf(name: string): Group {
    const group = groups.get(name) ?? new Group(all, compare, partMessages);
    groups.set(name, group);
    return group;
  }

  return {
    writer,
    letters: letters as readonly DeadLetter[],
    deadLetters: {
      async put(letter) {
        letters.push(structuredClone(letter));
      },
    } satisfies DeadLetters,
    group: (name: string): MemoryMember => memberOf(groupOf(name), lanes),
  };
}

function memberOf(group: Group, lanes: number): MemoryMember {
  let member: Member | undefined;
  return {
    lanes,
    async start(handlers) {
      const joining = { handlers, held: new AbortController(), lanes: [] };
      member = joining;
      // The lanes come when the others have let go of theirs.
      void group.change((members) => [...members, joining]);
    },
    ping: async () => undefined,
    async stop() {
      const leaving = member;
      member = undefined;
      if (leaving !== undefined) await group.change((members) => members.filter((one) => one !== leaving));
    },
    lose() {
      const lost = member;
      member = undefined;
      if (lost !== undefined) void group.change((members) => members.filter((one) => one !== lost), lost);
    },
  };
}

/** With every change all lanes are taken away first, and given out anew when all have let go of theirs. */
class Group {
  readonly #lanes: readonly Lane[];
  readonly #compare: MemoryTopicOptions['compare'];
  readonly #partMessages: number;
  /** How many messages of each lane the group has passed. */
  readonly #passed: number[];
  #members: readonly Member[] = [];
  #changing: Promise<void> = Promise.resolve();

  constructor(lanes: readonly Lane[], compare: MemoryTopicOptions['compare'], partMessages: number) {
    this.#lanes = lanes;
    this.#compare = compare;
    this.#partMessages = partMessages;
    this.#passed = lanes.map(() => 0);
  }

  /** Nobody waits for one that is lost; it hears of it like the others. */
  change(next: (members: readonly Member[]) => readonly Member[], lost?: Member): Promise<void> {
    if (lost !== undefined) void this.#letGo(lost);
    this.#changing = this.#changing.then(async () => {
      await Promise.all(this.#members.filter((member) => member !== lost).map((one) => this.#letGo(one)));
      this.#members = next(this.#members);
      this.#giveOut();
    });
    return this.#changing;
  }

  async #letGo(member: Member): Promise<void> {
    const { lanes } = member;
    member.lanes = [];
    member.held.abort();
    await Promise.allSettled(lanes.map((lane) => member.handlers.revoked(lane)));
  }

  #giveOut(): void {
    for (const member of this.#members) member.held = new AbortController();
    for (const [lane] of this.#lanes.entries()) {
      const member = this.#members[lane % this.#members.length];
      if (member === undefined) continue;
      member.lanes.push(lane);
      member.handlers.assigned(this.#assign(lane, member.held.signal));
    }
  }

  #assign(lane: number, held: AbortSignal): AssignedLane {
    const { messages, grown } = this.#lanes[lane] ?? { messages: [], grown: new HeadSignal() };
    const most = this.#partMessages;
    let next = this.#passed[lane] ?? 0;
    async function* parts(): AsyncGenerator<readonly LaneMessage[]> {
      while (!held.aborted) {
        const part = messages.slice(next, next + most);
        next += part.length;
        if (part.length > 0) yield structuredClone(part);
        else await grown.wait(held);
      }
    }
    return {
      lane,
      messages: parts,
      passed: (position) => {
        if (!held.aborted) this.#pass(lane, position);
      },
      waiting: () => messages.length - next,
    };
  }

  #pass(lane: number, position: Position): void {
    const messages = this.#lanes[lane]?.messages ?? [];
    let passed = this.#passed[lane] ?? 0;
    for (let message = messages[passed]; message !== undefined; message = messages[++passed]) {
      if (this.#compare(message.position, position) > 0) break;
    }
    this.#passed[lane] = passed;
  }
}
