import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/adapters/memory/eventLog.ts';
import { type AlertCommands, createAlertCommands } from '../../src/api/alertCommands.ts';
import { alertStream, episodeCommandsStream, idFrom } from '../../src/domain/alerts/identity.ts';
import { script } from '../support/alertScript.ts';

let now = 1_790_000_000_000;
let log: ReturnType<typeof createMemoryLog>;
let commands: AlertCommands;
let made = 0;

const labels = { project: 'default', service: 'bot' };
const alert = script('errors', now, { labels });
const stream = alertStream('default', 'errors', labels);
const about = { episode: alert.id, rule: 'errors', labels, state: 'firing' } as const;

const acknowledge = (by: string) => commands.onEpisode('default', about, { kind: 'acknowledge', by });
async function changes(severity: string, from: string): Promise<void> {
  now += 1_000;
  const events = [alert.step('AlertSeverityChanged', now, { severity, from, title: '' })];
  await log.append([{ stream, events, expected: 'any' }]);
}

beforeEach(async () => {
  log = createMemoryLog({ clock: () => now });
  commands = createAlertCommands({
    log,
    clock: () => now,
    newId: () => idFrom(`${++made}`),
    redactText: (text) => text,
  });
  await log.append([{ stream, events: [alert.fired(now)], expected: 'any' }]);
});

describe('an alert that was acknowledged', () => {
  it('can be acknowledged anew once it has got worse, and once only', async () => {
    await acknowledge('ann');
    await expect(acknowledge('bob')).rejects.toMatchObject({ code: 'CHR_CONFLICT' });
    await changes('critical', 'warning');
    now += 1_000;
    await acknowledge('bob');
    await expect(acknowledge('cid')).rejects.toThrow('acknowledged by bob');
  });

  it('cannot when it has got better', async () => {
    await changes('critical', 'warning');
    await acknowledge('ann');
    await changes('warning', 'critical');
    await expect(acknowledge('bob')).rejects.toMatchObject({ code: 'CHR_CONFLICT' });
  });
});

describe('an alert of which the log has forgotten what people said first', () => {
  it('can still be judged', async () => {
    const judge = (verdict: 'real' | 'noise') =>
      commands.onEpisode('default', about, { kind: 'judge', by: 'ann', verdict });
    await judge('noise');
    now += 1_000;
    await log.expire({ before: now, keep: () => false });
    await judge('real');
    await judge('noise');
    const said: string[] = [];
    for await (const events of log.readStream(episodeCommandsStream(alert.id)))
      for (const { type, data } of events) if (type === 'AlertJudged') said.push(data.verdict);
    expect(said).toEqual(['real', 'noise']);
  });
});
