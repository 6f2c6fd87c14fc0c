/**
 * One process that only notifies: opens the log in the folder, reads it to its head and sends what is not at its end to
 * a receiver. At the step that it is given it says so and stands still, for the test to kill it there.
 */
const [, , dist, path, receiver, standStillAt] = process.argv;
const load = (file) => import(new URL(file, dist).href);
const { openLmdbLog } = await load('adapters/lmdb/eventLog.js');
const { createOutbox } = await load('projections/notifications/outbox.js');

// Nothing else keeps a process alive that stands still.
setInterval(() => undefined, 60_000);

const say = (text) => process.stdout.write(`${text}\n`);
const log = await openLmdbLog({ path, clock: Date.now });

/** What is behind it must not be begun either: it would be cut off in the middle too. */
let standsStill = false;

async function reach(step, notification) {
  if (standStillAt === `${step} ${notification}`) {
    standsStill = true;
    say(`at ${standStillAt}`);
  }
  if (standsStill) await new Promise(() => undefined);
}

const channel = {
  name: 'hook',
  async send(message, signal) {
    try {
      const body = JSON.stringify({ id: message.id });
      const answer = await fetch(receiver, { method: 'POST', body, signal });
      await answer.text();
      if (answer.ok) return { kind: 'delivered', answer: `HTTP ${answer.status}` };
      return { kind: 'refused', reason: `HTTP ${answer.status}`, permanent: false };
    } catch (error) {
      return { kind: 'refused', reason: String(error), permanent: false };
    }
  },
  close: async () => undefined,
};

const outbox = createOutbox({
  log: {
    async append(appends) {
      const [{ type, data }] = appends[0].events;
      await reach(`before ${type}`, data.notification);
      const outcome = await log.append(appends);
      await reach(`after ${type}`, data.notification);
      return outcome;
    },
  },
  channels: [channel],
  details: () => [],
  clock: Date.now,
  redact: (text) => text,
  onError: (error) => process.stderr.write(`${error}\n`),
});

let at;
for await (const { events, to } of log.read()) {
  for (const event of events) outbox.observe(event);
  at = to;
}
outbox.start();
process.once('SIGTERM', async () => {
  await outbox.stop();
  await log.close();
  process.exit(0);
});
for await (const { events } of log.subscribe({ after: at })) {
  for (const event of events) outbox.observe(event);
  if (outbox.backlog().length === 0) say('all at their end');
}
