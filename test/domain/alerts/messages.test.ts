import { describe, expect, test } from 'vitest';
import { clip, linkTo, said } from '../../../src/domain/alerts/messages/clean.ts';
import { discordPayload } from '../../../src/domain/alerts/messages/discord.ts';
import { mailText } from '../../../src/domain/alerts/messages/mail.ts';
import { slackPayload } from '../../../src/domain/alerts/messages/slack.ts';
import { telegramText } from '../../../src/domain/alerts/messages/telegram.ts';
import { webhookBody } from '../../../src/domain/alerts/messages/webhook.ts';
import type { Message } from '../../../src/projections/notifications/ports.ts';
import {
  firedMessage,
  fixtureAlert,
  fixtureStart,
  hebrewMessage,
  messageOf,
  resolvedMessage,
  stormMessage,
} from '../../support/channels/messages.ts';
import { readTelegramHtml } from '../../support/channels/telegramHtml.ts';

const linesOf = (message: Message): string[] => telegramText(message).plain.split('\n');
const minute = 60_000;

describe('a message tells in this order', () => {
  test('state, severity and what broke; since when, how bad, for whom, why, what to do, where to look', () => {
    expect(telegramText(firedMessage).plain).toBe(`🔴 FIRING · critical · Error rate of support-bot
Since: 2026-11-25 03:08 UTC (4 min)
How bad: 23.4 % (error rate above 10 %), requests 312, failed 73
For whom:
41 users affected
support-bot /ask: 60 of 120 requests failed
support-bot /summarise: 12 of 92 requests failed
support-bot /start: 1 of 100 requests failed
and 1 more operation
Why: 51 × MODEL_TIMEOUT: Request to https://models.example/v1/chat timed out after 30000 ms (attempt 3 of 3)
Last deploy: support-bot 2.14.0, 2026-11-25 03:05 UTC, 3 min before it began
Also firing: latency-p95 support-bot (warning)
About: More requests fail than users put up with. It is counted over five minutes.
Labels: project=shop service=support-bot

What to do:
1. Look at the top error: is it one of ours or of a service that we call?
2. Was there a deploy just before? Then roll it back: \`deploy rollback support-bot\`.
3. When the model is down, switch to the spare one with /model spare.
and 1 more step

Dashboard: https://grafana.example/d/bots?from=1795576080000&to=1795576320000&var-service=support-bot · Runbook: https://wiki.example/runbooks/error-rate
More: GET /v1/alerts/ep_0f3a9c2b71d4e865/triage`);
  });

  test('of a resolved one how long it lasted, and nothing that is left to do', () => {
    const lines = linesOf(resolvedMessage);
    expect(lines.slice(0, 3)).toEqual([
      '✅ RESOLVED · critical · Error rate of support-bot',
      'Lasted: 14 min, 2026-11-25 03:08 to 03:22 UTC',
      'How bad: 0.3 % now, 23.4 % as it fired',
    ]);
    expect(lines.join()).not.toContain('What to do');
    expect(telegramText(resolvedMessage).silent).toBe(true);
  });

  test('of a storm the worst first, what has ended last, and how many more there are', () => {
    const lines = linesOf(stormMessage);
    expect(lines[0]).toBe('🔴 FIRING · critical · 12 alerts of service=support-bot');
    const titles = lines.filter((line) => /^(?:🔴|🟠|✅) p95/.test(line));
    expect(titles.map((title) => title.slice(0, 2))).toEqual([...'🔴🔴🔴🔴🟠🟠🟠🟠']);
    expect(lines.at(-1)).toBe('and 4 more');
    const mail = mailText(stormMessage).text;
    expect(mail.lastIndexOf('✅')).toBeGreaterThan(mail.lastIndexOf('🟠'));
    expect(mail).toContain('lasted 3 min, 2026-11-25 03:08 to 03:11 UTC');
  });

  test('what was not named at all is counted too', () => {
    const message = messageOf([fixtureAlert, fixtureAlert], { more: 12 });
    expect(linesOf(message)[0]).toContain('14 alerts');
    expect(linesOf(message).at(-1)).toBe('and 12 more');
  });
});

describe('each reason has its words', () => {
  const worse = { ...fixtureAlert, fired: { ...fixtureAlert.fired, severity: 'warning' as const } };
  const better = { ...fixtureAlert, severity: 'warning' as const };
  const ended = { ...fixtureAlert, state: 'resolved' as const, resolvedAt: fixtureStart + minute };
  test.each([
    ['changed', [worse], '🔴 WORSE · critical', 'It was warning and is critical now.'],
    ['changed', [better], '🟠 BETTER · warning', 'It was critical and is warning now.'],
    ['repeated', [fixtureAlert], '🔴 STILL FIRING · critical', 'it was told before'],
    ['escalated', [fixtureAlert], '🔴 ESCALATED · critical', 'Nobody has acknowledged this for 13 min.'],
    ['flapping', [fixtureAlert], '🔴 FLAPPING · critical', 'Nothing more is sent until it has calmed down'],
    ['calmed', [fixtureAlert], '🔴 CALM AGAIN, FIRING · critical', 'each change is told again'],
    ['calmed', [ended], '✅ CALM AGAIN, RESOLVED · critical', 'each change is told again'],
    ['resolved', [ended, fixtureAlert], '🔴 PARTLY RESOLVED · critical', '2 alerts'],
    ['fired', [ended], '✅ RESOLVED · critical', 'Lasted: 1 min'],
  ] as const)('%s', (reason, alerts, start, note) => {
    const message = messageOf(alerts, { reason, requestedAt: fixtureStart + 15 * minute });
    const text = telegramText(message).plain;
    expect(text.startsWith(start)).toBe(true);
    expect(text).toContain(note);
  });

  test('who has taken it is said', () => {
    const message = messageOf([{ ...fixtureAlert, acknowledgedBy: 'dana' }]);
    expect(linesOf(message)).toContain('Taken by: dana');
  });
});

test('a deploy that is named after its service is not named twice', () => {
  const deploys = [{ time: fixtureAlert.fired.activeSince, service: 'worker', name: 'worker 2.14.0' }];
  const evidence = { ...fixtureAlert.evidence, deploys };
  expect(linesOf(messageOf([{ ...fixtureAlert, evidence }])).join('\n')).toContain(
    'Last deploy: worker 2.14.0, ',
  );
});

describe('of the figures', () => {
  test('those are told that say more than the value, and none that are for programs', () => {
    const figures = { requests: 312, failed: 73, errorRate: 0.2339, firstSeen: 1795598773147 };
    const evidence = { ...fixtureAlert.evidence, figures };
    expect(linesOf(messageOf([{ ...fixtureAlert, evidence }]))).toContain(
      'How bad: 23.4 % (error rate above 10 %), requests 312, failed 73',
    );
  });
});

describe('figures are in the words of their measure', () => {
  test.each([
    ['error_rate above 0.1', 0.234, '23.4 % (error rate above 10 %)'],
    ['error rate above 10 %', 0.234, '23.4 % (error rate above 10 %)'],
    ['latency p95 above 2 s', 2_400, '2.4 s (latency p95 above 2 s)'],
    ['rate_limit atMost 0.2', 0.12, '12 % (rate limit at most 20 %)'],
    ['latency p95 above 5000', 7_340, '7.34 s (latency p95 above 5 s)'],
    ['silence above 600000', 900_000, '15 min (silence above 10 min)'],
    ['burn rate above 14.4', 20, '20× (burn rate above 14.4×)'],
    ['health at least 2', 2, 'unhealthy (health at least unhealthy)'],
    ['queue length is strange', 12.3456, '12.3 (queue length is strange)'],
  ])('%s', (condition, value, expected) => {
    const evidence = { ...fixtureAlert.evidence, condition, value, figures: {} };
    expect(linesOf(messageOf([{ ...fixtureAlert, evidence }]))).toContain(`How bad: ${expected}`);
  });
});

describe('texts of others', () => {
  const hostile = `<b>&"x"</b> @everyone <@123> <!here> [click](https://evil.example) **bold** \`code\`\r\nBcc: all@example.com`;
  const alert = {
    ...fixtureAlert,
    fired: { ...fixtureAlert.fired, title: hostile, dashboard: 'javascript:alert(1)' },
    evidence: {
      ...fixtureAlert.evidence,
      topErrors: [{ fingerprint: 'f', message: hostile, count: 1, requestIds: [] }],
    },
  };
  const message = messageOf([alert]);

  test('are shown as they are by Telegram', () => {
    const read = readTelegramHtml(telegramText(message).html);
    expect(read).toMatchObject({ text: telegramText(message).plain.replace(/Runbook: \S+/, 'Runbook') });
    expect(telegramText(message).html).not.toContain('javascript');
  });

  test('call nobody on Slack and its like', () => {
    const { text } = slackPayload(message);
    expect(text).not.toMatch(/<!|<@|@everyone|\]\(/);
    expect(text).toContain('&lt;b&gt;&amp;');
    expect(text.match(/\*/g)).toHaveLength(2);
  });

  test('call nobody and mark nothing on Discord', () => {
    const { content, allowed_mentions } = discordPayload(message);
    expect(allowed_mentions).toEqual({ parse: [] });
    expect(content).not.toMatch(/@everyone|(?<!\\)<@|(?<!\\)\[/);
  });

  test('add no header to a mail and no element to its page', () => {
    const { subject, html } = mailText(message);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toContain('<b>');
    expect(html).toContain('&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;');
  });

  test('in Hebrew are isolated, so that the words around them keep their order', () => {
    const lines = linesOf(hebrewMessage);
    expect(lines[0]).toBe('🟠 FIRING · warning · \u2068New error in שירות-הזמנות 🛒\u2069');
    expect(lines).toContain('orders \u2068הזמנה/חדשה\u2069: 4 of 9 requests failed');
  });

  test('cannot turn the direction of what follows', () => {
    expect(said('a\u202egpj.exe\u2066', 50)).toBe('agpj.exe');
  });
});

describe('cutting', () => {
  test('leaves characters whole, as readers count them', () => {
    expect(clip('family 👨‍👩‍👧 and more', 12)).toBe('family…');
    expect(clip('é́'.repeat(9), 8).normalize('NFC')).toMatch(/^(?:é́)+…$/);
    expect(clip('short', 5)).toBe('short');
    expect(clip('\ud83d\ude00'.repeat(4), 4)).toBe('😀…');
  });

  test('never happens to a link', () => {
    expect(linkTo(`https://host/${'x'.repeat(2_000)}`)).toBeUndefined();
    expect(linkTo('https://host/a|b?c=(d)>')).toBe('https://host/a%7Cb?c=%28d%29%3E');
    expect(linkTo('ftp://host')).toBeUndefined();
    expect(linkTo('not a link')).toBeUndefined();
  });
});

describe('the webhook gets', () => {
  test('every field that it is promised, times in RFC 3339', () => {
    const body = webhookBody(firedMessage);
    expect(Object.keys(body)).toEqual([
      ...['version', 'id', 'project', 'channel', 'reason', 'route', 'group', 'groupLabels', 'severity'],
      ...['status', 'requestedAt', 'alerts', 'more'],
    ]);
    expect(body).toMatchObject({ version: 1, status: 'firing', requestedAt: '2026-11-25T03:12:00.000Z' });
    const [alert] = body.alerts;
    expect(alert).toMatchObject({
      episode: 'ep_0f3a9c2b71d4e865',
      activeSince: '2026-11-25T03:08:00.000Z',
      firedAt: '2026-11-25T03:10:00.000Z',
      resolvedAt: null,
    });
    expect(alert?.evidence).toMatchObject({ value: 0.2339, users: { affected: 41 } });
    expect(alert?.evidence.window.from).toBe('2026-11-25T03:07:00.000Z');
    expect(alert?.evidence.points[0]).toEqual({ time: '2026-11-25T03:08:00.000Z', value: 0.05, volume: 60 });
    expect(alert?.evidence).not.toHaveProperty('sketch');
  });

  test('a status of resolved once nothing fires any more', () => {
    expect(webhookBody(resolvedMessage).status).toBe('resolved');
    expect(webhookBody(stormMessage).status).toBe('firing');
  });
});
