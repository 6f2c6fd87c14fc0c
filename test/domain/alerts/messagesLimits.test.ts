import fc from 'fast-check';
import { expect, test } from 'vitest';
import { discordPayload } from '../../../src/domain/alerts/messages/discord.ts';
import { mailText } from '../../../src/domain/alerts/messages/mail.ts';
import { slackPayload } from '../../../src/domain/alerts/messages/slack.ts';
import { telegramText } from '../../../src/domain/alerts/messages/telegram.ts';
import type { MessageAlert } from '../../../src/projections/notifications/ports.ts';
import { fixtureAlert, messageOf } from '../../support/channels/messages.ts';
import { readTelegramHtml } from '../../support/channels/telegramHtml.ts';

/** Whatever rules, labels and errors say, what goes out is what its receiver takes. */

const nasty = fc.constantFrom(
  ...['<', '>', '&', '"', "'", '*', '_', '`', '|', '\\', '@', '[', '](', ')', '~', '#', '\n', '\r\n', '\0'],
  ...[
    '\ud83d',
    '\ude00',
    '😀',
    '👨‍👩‍👧',
    'é́',
    'שלום',
    'مرحبا',
    '\u202e',
    '\u2066',
    '\u2028',
    '@everyone',
    '<@1>',
    '&amp',
  ],
);
const text = (most: number) =>
  fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(nasty, { maxLength: 40 }).map((parts) => parts.join('')),
      // As long as the schema lets it be, of what grows most by escaping.
      nasty.map((part) => part.repeat(Math.floor(most / part.length))),
    )
    .map((made) => made.slice(0, most));
const address = fc.option(
  text(900).map((path) => `https://host/${path}`),
  { nil: undefined },
);
const figure = fc.double({ noDefaultInfinity: true, noNaN: true });
const severity = fc.constantFrom('info' as const, 'warning' as const, 'critical' as const);
const time = fc.integer({ min: -1e15, max: 1e16 });

const alert: fc.Arbitrary<MessageAlert> = fc
  .record({
    words: fc.record({ title: text(500), description: text(4_000), rule: text(200), episode: text(64) }),
    playbook: fc.array(text(1_000), { maxLength: 6 }),
    links: fc.record({ dashboard: address, runbook: address }),
    labels: fc.dictionary(text(60), text(300), { maxKeys: 4 }),
    evidence: fc.record({
      condition: text(500),
      value: figure,
      figures: fc.dictionary(text(100), figure, { maxKeys: 6 }),
      topErrors: fc.array(
        fc.record({
          fingerprint: fc.constant('f'),
          errorCode: text(200),
          message: text(500),
          count: fc.nat(),
          requestIds: fc.array(text(9), { maxLength: 1 }),
        }),
        { maxLength: 2 },
      ),
      operations: fc.array(
        fc.record({ service: text(300), operation: text(200), requests: fc.nat(), failed: fc.nat() }),
        { maxLength: 4 },
      ),
      deploys: fc.array(fc.record({ time, service: text(300), name: text(300) }), { maxLength: 2 }),
    }),
    state: fc.constantFrom('firing' as const, 'recovering' as const, 'resolved' as const),
    severity,
    firedSeverity: severity,
    activeSince: time,
    acknowledgedBy: text(200),
  })
  .map(({ words, playbook, links, labels, evidence, state, firedSeverity, activeSince, ...rest }) => ({
    fired: {
      ...fixtureAlert.fired,
      ...words,
      playbook,
      labels,
      activeSince,
      severity: firedSeverity,
      dashboard: links.dashboard ?? '',
      runbook: links.runbook ?? '',
    },
    evidence: { ...fixtureAlert.evidence, ...evidence },
    state,
    ...rest,
  }));

const message = fc
  .record({
    alerts: fc.array(alert, { minLength: 1, maxLength: 12 }),
    reason: fc.constantFrom(
      ...(['fired', 'changed', 'resolved', 'repeated', 'escalated', 'flapping', 'calmed'] as const),
    ),
    more: fc.oneof(fc.constant(0), fc.nat()),
    groupLabels: fc.dictionary(text(60), text(300), { maxKeys: 3 }),
    requestedAt: time,
  })
  .map(({ alerts, ...changes }) => messageOf(alerts, changes));

const holds = (check: (made: ReturnType<typeof messageOf>) => void) =>
  fc.assert(fc.property(message, check), { numRuns: 150 });

const loneHalf = /\p{Surrogate}/u;

test('Telegram can read it, in 4,096 characters and 100 marks', () => {
  holds((made) => {
    const { html, plain } = telegramText(made);
    const read = readTelegramHtml(html);
    if ('fault' in read) throw new Error(`${read.fault}: ${html}`);
    expect(read.text.length).toBeLessThanOrEqual(4_096);
    expect(plain.length).toBeLessThanOrEqual(4_096);
    expect(read.entities).toBeLessThanOrEqual(100);
    expect(read.text.trim()).not.toBe('');
    expect(html).not.toMatch(loneHalf);
  });
});

test('Slack gets no more than 3,000 characters to a text, and no mark but ours', () => {
  holds((made) => {
    const { text: headline, attachments } = slackPayload(made);
    const texts = attachments.flatMap((one) => [
      one.text ?? '',
      ...(one.fields ?? []).map(({ value }) => value),
    ]);
    expect(attachments.length).toBeLessThanOrEqual(20);
    for (const one of [headline, ...texts]) {
      expect(one.length).toBeLessThanOrEqual(3_000);
      // Every `<` begins one of our links, and every `&` an escape that is whole.
      expect(one.replaceAll(/<https?:[^|<>]*\|(?:Dashboard|Runbook)>/g, '')).not.toMatch(/[<>]/);
      expect(one.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
      expect(one).not.toMatch(loneHalf);
      expect(one).not.toMatch(/@[a-z]/);
    }
  });
});

test('Discord gets 2,000 characters of content and 4,096 of description', () => {
  holds((made) => {
    const { content, embeds } = discordPayload(made);
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(embeds.length).toBeLessThanOrEqual(10);
    for (const { description } of embeds) {
      expect(description.length).toBeLessThanOrEqual(4_096);
      expect(description).not.toMatch(/@[a-z]/);
      expect(description).not.toMatch(loneHalf);
    }
    expect(content).not.toMatch(loneHalf);
  });
});

test('a mail has a subject of one line and 200 characters, and a page with no tags but ours', () => {
  holds((made) => {
    const { subject, html } = mailText(made);
    expect(subject.length).toBeLessThanOrEqual(200);
    expect(subject).not.toMatch(/\p{Control}/u);
    const tags = [...html.matchAll(/<\/?([^\s>]*)/g)].map(([, name]) => name);
    const ours = ['!doctype', 'html', 'head', 'meta', 'body', 'div', 'h1', 'h2', 'p', 'table', 'tr', 'td'];
    expect(tags.filter((tag) => ![...ours, 'br', 'a', 'code', 'strong'].includes(tag ?? ''))).toEqual([]);
    expect(html).not.toMatch(loneHalf);
  });
});

test('directions that are opened in a line are closed in it', () => {
  holds((made) => {
    for (const line of telegramText(made).plain.split('\n')) {
      expect(line.split('\u2068')).toHaveLength(line.split('\u2069').length);
      expect(line).not.toMatch(/[\u202a-\u202e\u2066\u2067]/);
    }
  });
});
