import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash64 } from '../../src/domain/fingerprint/hash.ts';
import { type Fault, fingerprintOf } from '../../src/domain/fingerprint.ts';
import { faultGroups } from './support/faultGroups.ts';
import { hostileTexts } from './support/hostileTexts.ts';

const asFault = (occurrence: string | Fault): Fault =>
  typeof occurrence === 'string' ? { message: occurrence } : occurrence;
const groupOf = (message: string): string => fingerprintOf({ message }).fingerprint;
const titleOf = (message: string): string => fingerprintOf({ message }).title;

describe('the table of faults', () => {
  it.each(faultGroups)('puts all of "$name" into one group', ({ occurrences }) => {
    const results = occurrences.map((occurrence) => fingerprintOf(asFault(occurrence)));
    const shown = results.map(({ title }) => title).join('\n');
    expect(new Set(results.map(({ fingerprint }) => fingerprint)).size, shown).toBe(1);
  });

  it('keeps different faults apart', () => {
    const names = new Map<string, string>();
    for (const { name, occurrences } of faultGroups) {
      const { fingerprint } = fingerprintOf(asFault(occurrences[0] as string | Fault));
      expect(names.get(fingerprint), `${name} is taken for another fault`).toBeUndefined();
      names.set(fingerprint, name);
    }
    expect(names.size).toBeGreaterThanOrEqual(80);
  });
});

describe('the title', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED <n>'],
    ["can't open '/etc/x' (id=12)", "can't open <str> (id=<n>)"],
    ['mail to ann@example.com via https://x.example/y?z=1, 3 tries', 'mail to <email> via <url>, <n> tries'],
    ['  many\n\tspaces   here ', 'many spaces here'],
    ['got {"a":1} [1, 2] and/or N/A', 'got {…} [<n>] and/or N/A'],
    ['Пользователь «Анна» не найден за 5 секунд', 'Пользователь <str> не найден за <n>'],
  ])('of %s', (message, title) => {
    expect(titleOf(message)).toBe(title);
  });

  it('is there when the message is not', () => {
    expect(fingerprintOf({ message: '', errorCode: 'E_X' }).title).toBe('E_X');
    expect(fingerprintOf({ message: '', type: 'app.KeyError' }).title).toBe('KeyError');
    expect(fingerprintOf({ message: ' ', operation: 'search' }).title).toBe('search');
    expect(fingerprintOf({ message: '' }).title).toBe('Error without a message');
  });

  it('has at most 200 characters and no half of one', () => {
    for (const unit of ['word ', '𝒜', 'слово ', '😀 x']) {
      const title = titleOf(unit.repeat(300));
      expect(title.length).toBeLessThanOrEqual(200);
      expect(title.isWellFormed()).toBe(true);
    }
  });
});

const word: fc.Arbitrary<string> = fc.constantFrom(
  'failed',
  'user',
  'не',
  'найден',
  'שגיאה',
  'of',
  'ECONNREFUSED',
  'timeout',
  '用户',
  "can't",
  'x',
);
const numberText = fc.oneof(
  fc.nat().map(String),
  fc.integer({ max: -1 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-3, max: 1e15 }).map(String),
);
const around = (value: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 8 }), fc.nat(8), value, value)
    .map(([words, at, first, second]) => {
      const insert = (text: string) => words.toSpliced(at, 0, text).join(' ');
      return [insert(first), insert(second)] as const;
    });
const sameFor = (value: fc.Arbitrary<string>) =>
  fc.assert(
    fc.property(around(value), ([first, second]) => {
      expect(groupOf(first), `${first} | ${second}`).toBe(groupOf(second));
    }),
    { numRuns: 1_500 },
  );

describe('the group of a message stays the same', () => {
  it('whatever numbers it holds', () => sameFor(numberText));
  it('whatever UUIDs it holds', () => sameFor(fc.uuid()));
  it('whatever times it holds', () =>
    sameFor(
      fc
        .date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    ));
  it('whatever addresses of machines it holds', () => sameFor(fc.ipV4()));
  it('whatever web addresses it holds', () =>
    sameFor(fc.webUrl({ withQueryParameters: true }).filter((address) => /^[^'()]+[\w/]$/.test(address))));
  it('whatever quoted values it holds', () =>
    sameFor(fc.string({ maxLength: 60 }).map((text) => JSON.stringify(text))));
  it('whatever hexadecimal ids it holds', () =>
    sameFor(fc.stringMatching(/^[0-9a-f]{16,40}$/).filter((text) => /\d/.test(text))));
  it('whatever paths it holds', () => sameFor(fc.stringMatching(/^(?:\/[a-z0-9_.-]{0,11}[a-z0-9]){2,6}$/)));
});

describe('fingerprints', () => {
  it('change with a word of the message', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const text = words.join(' ');
        expect(groupOf(`${text} refused`)).not.toBe(groupOf(`${text} accepted`));
      }),
    );
  });

  it('are sixteen hexadecimal digits for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, stack) => {
        const result = fingerprintOf({ message, stack });
        expect(result.fingerprint).toMatch(/^[0-9a-f]{16}$/);
        expect(result).toEqual(fingerprintOf({ message, stack }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are the same on every machine', () => {
    expect(hash64('')).toBe('ac2def1651452c2f');
    expect(hash64('connect ECONNREFUSED <n>')).toBe('701d366058f2e6ba');
  });

  it('spread: no two of 300,000 neighbours share one, nor half of one more often than chance', () => {
    const whole = new Set<string>();
    const half = new Set<string>();
    for (let i = 0; i < 300_000; i++) {
      const hash = hash64(`fault ${i}`);
      whole.add(hash);
      half.add(hash.slice(0, 8));
    }
    expect(whole.size).toBe(300_000);
    // By chance about ten of them share their first 32 bits.
    expect(half.size).toBeGreaterThan(299_950);
  });

  it.each(hostileTexts(65_536))('are found in a message and a stack of $name', ({ text }) => {
    const lines = text.replace(/(.{80})/gsu, '$1\n');
    expect(fingerprintOf({ message: text, stack: lines }).fingerprint).toHaveLength(16);
    expect(fingerprintOf({ message: text, stack: text }).title.length).toBeLessThanOrEqual(200);
  });
});
