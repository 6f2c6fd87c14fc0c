import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';
import { ordinaryMessages, ordinaryTemplates } from './support/ordinaryMessages.ts';

const { redactText, redactAttributes } = createRedactor();

describe('ordinary messages', () => {
  it('are left alone, all but fewer than one in a thousand', () => {
    const messages = ordinaryMessages(50_000);
    const touched = messages.filter((message) => redactText(message) !== message);
    expect(touched.length / messages.length, touched.slice(0, 20).join('\n')).toBeLessThan(0.001);
  });

  it('are left alone whatever their kind', () => {
    // Once round each template with three sets of values; what chance alone produces would not come twice.
    const always = ordinaryMessages(ordinaryTemplates, 21).filter((message, i) =>
      [22, 23].every((seed) => {
        const other = ordinaryMessages(ordinaryTemplates, seed)[i] as string;
        return redactText(other) !== other && redactText(message) !== message;
      }),
    );
    expect(always).toEqual([]);
  });

  it.each([
    ['tokens_used', 512],
    ['max_tokens', 4_096],
    ['token_count', 512],
    ['promptTokens', 88],
    ['tokens', '512'],
    ['passwordless', 'yes'],
    ['password_reset_count', 3],
    ['has_password', 'yes'],
    ['passwordLength', 12],
    ['secret_name', 'db/main'],
    ['secretVersion', 'v12'],
    ['token_type', 'Bearer'],
    ['tokenExpiresAt', '2026-11-21T00:00:00Z'],
    ['session_count', 4],
    ['session_duration_ms', 120_000],
    ['cookies_enabled', 'true'],
    ['authorized', 'true'],
    ['author', 'Ann Lee'],
    ['authority', 'eu-west-1'],
    ['primary_key', 'order_id'],
    ['cache_key', 'user:42'],
    ['keyboard', 'inline'],
    ['pinned', 'message 42'],
    ['spinner', '1234'],
    ['pass', true],
    ['compass', 'north'],
    ['auth', 'basic'],
    ['auth_method', 'password'],
    ['next_page_token', 'CAUQAA'],
    ['signature', 'none'],
    ['phone_model', 'Pixel 8'],
    ['cardinality', 4_111],
    ['card', 'not present'],
    ['mobile', true],
    ['monkey', 'abcd1234'],
    ['secretary', 'Ann'],
    ['order_id', 'ORD-20931'],
    ['trace_id', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ['version', '1.2.3.4'],
    ['duration', 1_700_000_000_000],
    ['password', '***'],
    ['password', ''],
    ['token', 'expired'],
    ['api_key', '[hidden]'],
    ['secret_file', '/run/secrets/db'],
  ] as const)('keeps the attribute %s = %s', (name, value) => {
    const attributes = { [name]: value };
    expect(redactAttributes(attributes)).toBe(attributes);
  });
});
