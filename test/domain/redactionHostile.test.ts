import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';
import { hostileTexts } from './support/hostileTexts.ts';
import { embeddings, secretSamples } from './support/secretSamples.ts';

const { redactText } = createRedactor();
const everything = createRedactor({
  kinds: { ip: true },
  extraPatterns: [{ name: 'own', pattern: 'EMP-\\d{1,64}x?' }],
}).redactText;

/** Pieces that detectors react to, so that chance puts them side by side. */
const pieces = [
  'password',
  ': ',
  '=',
  '"',
  "'",
  '\\',
  ' ',
  '\n',
  ',',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  '&',
  '%3D',
  '%40',
  '://',
  '@',
  ':',
  ';',
  '.',
  '-',
  '+',
  'token',
  'api key',
  'Bearer ',
  'Basic ',
  'Authorization',
  'Cookie',
  'sid=a1b2',
  'ann',
  'example.com',
  'hunter2',
  'x9',
  '4111',
  '1111',
  '+972',
  '50',
  '1234567',
  'DE89',
  '3704',
  'eyJabcdefghijklmnopqrs',
  '.eyJabcdefghijklmnopqrs',
  'sk_live_',
  'ABCdef1234567890ABCdef',
  '123456789',
  '[redacted:email]',
  '[redacted:',
  'redacted',
  'סיסמה',
  'пароль',
  '密码',
  '：',
  '\u200b',
  '４',
  '--password ',
  '-u ann:',
  ' is ',
  ' for ',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  'mot de passe',
  "d'",
  '\u00a0',
];
const mixture = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(...secretSamples().map(({ text }) => text)), { minLength: 1, maxLength: 4 })
      .chain((texts) =>
        fc.constantFrom(...['', ' ', '\n', ':', '=', '"', ', ']).map((glue) => texts.join(glue)),
      ),
  },
);

describe('redaction', () => {
  it('of what is redacted changes nothing', () => {
    fc.assert(
      fc.property(mixture, (text) => {
        const clean = redactText(text);
        expect(redactText(clean)).toBe(clean);
      }),
      { numRuns: 6_000 },
    );
  });

  it('of what is redacted changes nothing with every kind switched on', () => {
    fc.assert(
      fc.property(mixture, (text) => {
        const clean = everything(text);
        expect(everything(clean)).toBe(clean);
      }),
      { numRuns: 2_000 },
    );
  });

  it('removes two secrets beside each other', () => {
    const samples = secretSamples();
    const pick = fc.constantFrom(...samples);
    fc.assert(
      fc.property(pick, pick, fc.constantFrom(...embeddings), (first, second, { embed }) => {
        const clean = redactText(embed(`${first.text} and ${second.text}`));
        for (const secret of [...first.secrets, ...second.secrets]) expect(clean).not.toContain(secret);
      }),
      { numRuns: 2_000 },
    );
  });

  // Work that grew with the square of a megabyte would take hours, not the seconds that a test has.
  it.each(hostileTexts(1_000_000))('reads a megabyte of $name', ({ text }) => {
    const clean = redactText(text);
    expect(clean.length).toBeLessThanOrEqual(text.length * 17);
  });

  it('reads five megabytes of lines with secrets among them', () => {
    const line = `2026-11-21T01:51:47Z INFO handled 42 for ann@example.com password=${'hunter'}2 in 120 ms\n`;
    const clean = redactText(line.repeat(Math.ceil(5_000_000 / line.length)));
    expect(clean).not.toMatch(/hunter|example/);
  });
});
