import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';
import { embeddings, secretSamples } from './support/secretSamples.ts';

const { redactText } = createRedactor();
const samples = secretSamples();

describe('the detection table', () => {
  it('has many kinds of secrets', () => {
    expect(samples.length).toBeGreaterThanOrEqual(200);
  });

  describe.each(embeddings)('$name', ({ embed }) => {
    it.each(samples)('removes $name', ({ text, secrets }) => {
      const embedded = embed(text);
      const clean = redactText(embedded);
      expect(clean).toContain('[redacted:');
      for (const secret of secrets) expect(clean).not.toContain(secret);
      expect(redactText(clean)).toBe(clean);
    });
  });

  it.each([11, 12, 13])('removes what other random bodies hold (seed %i)', (seed) => {
    const left = secretSamples(seed).filter(({ text, secrets }) => {
      const clean = redactText(`value ${text} end`);
      return secrets.some((secret) => clean.includes(secret));
    });
    expect(left).toEqual([]);
  });
});
