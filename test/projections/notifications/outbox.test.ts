import { beforeEach, describe, expect, it } from 'vitest';
import { notificationStream } from '../../../src/domain/alerts/identity.ts';
import { attempted } from '../../../src/domain/alerts/outbox/events.ts';
import { abandonedAfterMs, retryForMs } from '../../../src/domain/alerts/outbox/retry.ts';
import type { Delivery } from '../../../src/projections/notifications/ports.ts';
import { sendTimeoutMs } from '../../../src/projections/notifications/sending.ts';
import { LogUnavailableError } from '../../../src/projections/ports.ts';
import { request } from '../../support/notifications.ts';
import { never, no, World, yes } from './world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.begin();
});

const sent = () => world.sends.map(({ message }) => message.id);
const full = () => new LogUnavailableError('disk_full', 'no space left');

/** As another process would write it. */
const attemptElsewhere = async (notification: string, attempt = 1) => {
  const waiting = {
    project: 'shop',
    request: request(notification),
    requestedAt: 0,
    recordedAt: 0,
    revision: 0,
  };
  const event = attempted({ waiting: { ...waiting, attempts: 0, dueAt: 0 }, attempt }, world.now);
  const stream = notificationStream(notification);
  await world.log.append([{ stream, expected: attempt - 1, events: [event] }]);
};

describe('a notification', () => {
  it('is attempted, sent and delivered, with its details', async () => {
    const alerts = [{ state: 'firing' }] as never;
    world.details = async () => alerts;
    await world.request('n');
    await world.pass(10);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Delivered 1']);
    expect(world.sends[0]?.message).toEqual({
      id: 'n',
      project: 'shop',
      requestedAt: 1_000,
      request: request('n'),
      alerts,
    });
    expect((await world.events()).at(-1)).toMatchObject({
      project: 'shop',
      data: { answer: 'ok', tookMs: 0, channel: 'slack' },
    });
    expect(world.outbox?.backlog()).toEqual([]);
  });

  it('is told without details when they cannot be read', async () => {
    world.details = () => Promise.reject(new Error('the store is away'));
    await world.request('n');
    await world.pass(10);
    world.details = () => never;
    await world.request('m');
    await world.pass(5_010);
    expect(world.sends.map(({ message }) => message.alerts)).toEqual([[], []]);
    expect(world.errors).toEqual([new Error('the store is away')]);
  });

  it('is tried again with back-off until it is taken', async () => {
    world.answer = () => (world.sends.length < 4 ? no : yes);
    await world.request('n');
    await world.pass(20_000);
    expect(await world.story('n')).toEqual([
      'Attempted 1',
      'Refused 1 HTTP 503',
      'Attempted 2',
      'Refused 2 HTTP 503',
      'Attempted 3',
      'Refused 3 HTTP 503',
      'Attempted 4',
      'Delivered 4',
    ]);
    const waits = world.sends.slice(1).map(({ at }, i) => at - (world.sends[i]?.at ?? 0));
    expect(waits.map((ms) => Math.ceil(ms / 1_000))).toEqual([1, 2, 4]);
  });

  it('is given up after a day, and says so', async () => {
    world.answer = () => no;
    await world.request('n');
    await world.pass(retryForMs + 1_000);
    const story = await world.story('n');
    expect(story.at(-1)).toMatch(/^Refused \d+ not delivered within 24 hours.*HTTP 503$/);
    expect(world.sends.length).toBeLessThan(400);
    const before = world.sends.length;
    await world.pass(retryForMs);
    expect(world.sends).toHaveLength(before);
  });

  it('is given up at once when it was refused for good', async () => {
    world.answer = () => ({ kind: 'refused', reason: 'HTTP 401 for hunter2', permanent: true });
    await world.request('n');
    await world.pass(retryForMs);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Refused 1 HTTP 401 for [removed]']);
  });

  it('for a channel that is not configured is refused, and says so', async () => {
    await world.request('n', { channel: 'pager' });
    await world.pass(10);
    expect(await world.story('n')).toEqual(['Refused 1 the channel "pager" is not configured']);
  });

  it('whose channel throws has been refused', async () => {
    world.answer = () => {
      throw new Error('a bug');
    };
    await world.request('n');
    await world.pass(10);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Refused 1 a bug']);
  });

  it('without an answer is aborted and tried again', async () => {
    world.answer = () => (world.sends.length === 1 ? never : yes);
    await world.request('n');
    await world.pass(sendTimeoutMs + 5_000);
    expect(world.sends[0]?.signal.aborted).toBe(true);
    expect(await world.story('n')).toEqual([
      'Attempted 1',
      'Refused 1 no answer within 60 s',
      'Attempted 2',
      'Delivered 2',
    ]);
  });
});

describe('a feed that never rests', () => {
  it('does not put off what is to be sent', async () => {
    await world.request('n');
    const [event] = await world.events();
    const again = () => {
      if (world.now < 1_010_000) world.schedule(1, again);
      if (event !== undefined) world.outbox?.observe(event);
    };
    again();
    world.feedLags = true;
    await world.pass(10);
    expect(sent()).toEqual(['n']);
  });
});

describe('a feed that lags behind', () => {
  it('is waited for before a notification or its channel goes on', async () => {
    world.answer = () => no;
    await world.request('a');
    await world.request('b');
    await world.feed();
    world.feedLags = true;
    await world.pass(60_000);
    expect(sent()).toEqual(['a']);
    expect(await world.story('a')).toEqual(['Attempted 1', 'Refused 1 HTTP 503']);
    world.answer = () => yes;
    world.feedLags = false;
    await world.feed();
    await world.pass(10);
    expect(sent()).toEqual(['a', 'a', 'b']);
    expect(world.errors).toEqual([]);
  });
});

describe('channels', () => {
  it('do not wait for each other, and have one message under way', async () => {
    world.answer = ({ channel }) => (channel === 'slack' ? never : yes);
    for (let i = 0; i < 10; i++) {
      await world.request(`s${i}`);
      await world.request(`m${i}`, { channel: 'mail' });
    }
    await world.pass(100);
    expect(sent().sort()).toEqual(['s0', ...Array.from({ length: 10 }, (_, i) => `m${i}`)].sort());
  });

  it('that ask for a pause get it, as a whole', async () => {
    const busy: Delivery = { ...no, retryAfterMs: 30_000 } as Delivery;
    world.answer = () => (world.sends.length === 1 ? busy : yes);
    await world.request('a');
    await world.request('b');
    await world.pass(29_000);
    expect(sent()).toEqual(['a']);
    await world.pass(2_000);
    expect(sent().sort()).toEqual(['a', 'a', 'b']);
    expect(world.sends[1]?.at).toBe((world.sends[0]?.at ?? 0) + 30_000);
  });

  it('that fail are probed, and then deliver all that waited', async () => {
    world.answer = () => no;
    for (let i = 0; i < 50; i++) await world.request(`n${i}`);
    await world.pass(3_600_000);
    expect(world.sends.length).toBeLessThan(40);
    world.answer = () => yes;
    await world.pass(300_000);
    const ends = (await world.events()).filter(({ type }) => type === 'NotificationDelivered');
    expect(ends).toHaveLength(50);
  });
});

describe('a log that cannot be written', () => {
  it('holds back every send that it has not taken', async () => {
    world.onAppend = () => Promise.reject(full());
    await world.request('n');
    await world.pass(60_000);
    expect(world.sends).toEqual([]);
    expect(world.errors.length).toBeGreaterThan(3);
    expect(world.errors.length).toBeLessThan(20);
    world.onAppend = (_, append) => append();
    await world.pass(60_000);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Delivered 1']);
  });

  it('is told of a delivery until it takes it, and nothing is sent twice', async () => {
    world.onAppend = (event, append) =>
      event.type === 'NotificationDelivered' ? Promise.reject(full()) : append();
    await world.request('n');
    await world.pass(3_600_000);
    expect(await world.story('n')).toEqual(['Attempted 1']);
    world.onAppend = (_, append) => append();
    await world.pass(60_000);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Delivered 1']);
    expect(world.sends).toHaveLength(1);
  });
});

describe('another process at the same work', () => {
  it('that was quicker is left to it, until it counts as gone', async () => {
    world.onAppend = async (_, append) => {
      world.onAppend = (_, other) => other();
      await attemptElsewhere('n');
      return append();
    };
    await world.request('n');
    await world.pass(abandonedAfterMs - 1_000);
    expect(world.sends).toEqual([]);
    await world.pass(2_000);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Attempted 2', 'Delivered 2']);
  });

  it('that has taken over meanwhile does not hide that it was delivered', async () => {
    world.onAppend = async (event, append) => {
      if (event.type === 'NotificationDelivered') {
        world.onAppend = (_, other) => other();
        await attemptElsewhere('n', 2);
      }
      return append();
    };
    await world.request('n');
    await world.pass(abandonedAfterMs * 2);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Attempted 2', 'Delivered 1']);
    expect(world.sends).toHaveLength(1);
  });

  it('that has taken over after a refusal goes on with it', async () => {
    world.answer = () => no;
    world.onAppend = async (event, append) => {
      if (event.type === 'NotificationRefused') await attemptElsewhere('n', 2);
      return append();
    };
    await world.request('n');
    await world.pass(60_000);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Attempted 2']);
    expect(world.sends).toHaveLength(1);
  });
});

describe('stopping', () => {
  const stop = async () => {
    let stopped = false;
    const stopping = world.outbox?.stop().then(() => {
      stopped = true;
    });
    await world.pass(10_000);
    await stopping;
    return stopped;
  };

  it('waits for what is under way', async () => {
    let answer = (_: Delivery): void => undefined;
    world.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await world.request('n');
    await world.pass(10);
    const stopped = world.outbox?.stop();
    await world.pass(1_000);
    answer(yes);
    await stopped;
    expect(await world.story('n')).toEqual(['Attempted 1', 'Delivered 1']);
  });

  it('aborts what takes longer; it stays open, for it may have been sent, and is sent once more', async () => {
    world.answer = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(no));
      });
    await world.request('n');
    await world.pass(10);
    expect(await stop()).toBe(true);
    expect(await world.story('n')).toEqual(['Attempted 1']);
    world.answer = () => yes;
    await world.begin();
    await world.pass(10);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Attempted 2', 'Delivered 2']);
  });

  it('records what the receiver answers at the last moment', async () => {
    world.answer = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(yes));
      });
    await world.request('n');
    await world.pass(10);
    await stop();
    expect(await world.story('n')).toEqual(['Attempted 1', 'Delivered 1']);
  });

  it('ends in time though the channel and the log hang', async () => {
    world.answer = ({ channel }) => (channel === 'slack' ? never : yes);
    world.onAppend = (event, append) => (event.type === 'NotificationDelivered' ? never : append());
    await world.request('n');
    await world.request('m', { channel: 'mail' });
    await world.pass(10);
    expect(await stop()).toBe(true);
  });

  it('tells of an attempt that was not sent any more', async () => {
    world.onAppend = async (event, append) => {
      const outcome = await append();
      if (event.type === 'NotificationAttempted') void world.outbox?.stop();
      return outcome;
    };
    await world.request('n');
    await world.pass(10);
    expect(world.sends).toEqual([]);
    expect(await world.story('n')).toEqual(['Attempted 1', 'Refused 1 stopped before it was sent']);
  });

  it('begins nothing more, whatever it was about to begin', async () => {
    let read = (): void => undefined;
    world.details = () =>
      new Promise((resolve) => {
        read = () => resolve([]);
      });
    await world.request('n');
    await world.pass(10);
    const stopped = world.outbox?.stop();
    read();
    await stopped;
    await world.request('m');
    await world.pass(10);
    expect(await world.story('n')).toEqual([]);
    expect(await world.story('m')).toEqual([]);
  });

  it('leaves an outcome that the log does not take, and asks it no more', async () => {
    world.onAppend = (event, append) =>
      event.type === 'NotificationDelivered' ? Promise.reject(full()) : append();
    await world.request('n');
    await world.pass(10);
    expect(await stop()).toBe(true);
    const asked = world.errors.length;
    await world.pass(3_600_000);
    expect(world.errors).toHaveLength(asked);
    expect(asked).toBeLessThan(10);
  });
});
