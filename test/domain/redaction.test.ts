import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/domain/events/envelope.ts';
import { patternFault } from '../../src/domain/redaction/patterns.ts';
import { createRedactor } from '../../src/domain/redaction/redactor.ts';

const redactor = createRedactor();
const { redactText, redactIdentifier, redactAttributes, redactValue, redactEvent } = redactor;

const secret = ['hunter', '2'].join('');
const visa = ['4111', '1111', '1111', '1111'].join('');

const request = (fields: Partial<NewEvent<'RequestCompleted'>> = {}): NewEvent<'RequestCompleted'> => ({
  id: '018f2b1c-7a3e-7b3e-8b3e-000000000001',
  type: 'RequestCompleted',
  version: 1,
  occurredAt: 1_790_000_000_000,
  project: 'default',
  service: 'bot',
  requestId: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  userId: '123456789',
  data: { operation: 'search', status: 'success', durationMs: 12 },
  ...fields,
});

describe('redactText', () => {
  it('gives back a text without secrets as it is', () => {
    expect(redactText('user 42 opened report_7.pdf in 120 ms')).toBe('user 42 opened report_7.pdf in 120 ms');
  });

  it.each([
    [`password: ${secret}`, 'password: [redacted:password]'],
    [`{"password":"${secret}","user":"ann"}`, '{"password":"[redacted:password]","user":"ann"}'],
    [`GET /a?token=${secret}&page=2`, 'GET /a?token=[redacted:secret]&page=2'],
    [`postgres://bot:${secret}@db:5432/main`, 'postgres://bot:[redacted:url-password]@db:5432/main'],
    [`Authorization: Bearer ${secret}abc`, 'Authorization: Bearer [redacted:bearer]'],
    ['mail ann@example.com now', 'mail [redacted:email] now'],
    [`paid with ${visa}.`, 'paid with [redacted:card].'],
    ['call +972-50-123-4567!', 'call [redacted:phone]!'],
    ['to DE89 3704 0044 0532 0130 00 today', 'to [redacted:iban] today'],
    [`סיסמה: ${secret}`, 'סיסמה: [redacted:password]'],
    [`пароль: ${secret}`, 'пароль: [redacted:password]'],
    [`"passwords": ["${secret}", "other"]`, '"passwords": [redacted:secret]'],
    [`"credentials": {"user":"ann","p":"${secret}"}`, '"credentials": [redacted:password]'],
  ])('keeps what is around a secret: %s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it('leaves a marker alone, also when it stands where a secret would', () => {
    for (const text of [
      'password=[redacted:password]',
      'Authorization: Bearer [redacted:jwt]',
      '[redacted:secret]: x12345',
    ]) {
      expect(redactText(text)).toBe(text);
    }
  });

  it('removes a private key that was cut off before its end', () => {
    const cut = ['-----BEGIN', 'PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw'].join(' ');
    expect(redactText(`key ${cut}`)).toBe('key [redacted:private-key]');
  });
});

describe('options', () => {
  it('switches kinds off', () => {
    const { redactText: without } = createRedactor({ kinds: { email: false, card: false } });
    expect(without(`ann@example.com ${visa} +972-50-123-4567`)).toBe(
      `ann@example.com ${visa} [redacted:phone]`,
    );
  });

  it.each([
    ['from 203.0.113.7:443', 'from [redacted:ip]:443'],
    ['from 2001:db8::8a2e:370:7334 port 1', 'from [redacted:ip] port 1'],
    ['std::sync::Mutex at 12:30:45', 'std::sync::Mutex at 12:30:45'],
    ['version 1.2.3', 'version 1.2.3'],
  ])('removes IP addresses when asked to: %s', (text, expected) => {
    expect(redactText(text)).toBe(text);
    expect(createRedactor({ kinds: { ip: true } }).redactText(text)).toBe(expected);
  });

  it('takes names of its user, in any spelling, and lets others be', () => {
    const own = createRedactor({ extraKeys: ['shoe size'], safeKeys: ['session_id'] });
    expect(own.redactAttributes({ shoeSize: '44', session_id: 'a1b2c3d4e5' })).toEqual({
      shoeSize: '[redacted:password]',
      session_id: 'a1b2c3d4e5',
    });
    expect(own.redactText('SHOE-SIZE=44')).toBe('SHOE-SIZE=[redacted:password]');
  });

  it('takes patterns of its user', () => {
    const own = createRedactor({ extraPatterns: [{ name: 'employee', pattern: 'EMP-\\d{4,8}' }] });
    expect(own.redactText('by EMP-20931')).toBe('by [redacted:employee]');
  });

  it('lets allowed values through', () => {
    const own = createRedactor({ allow: ['Support@Example.com'] });
    expect(own.redactText('write to support@example.com or ann@example.com')).toBe(
      'write to support@example.com or [redacted:email]',
    );
  });

  it.each([
    ['(a+)+b', 'upper limit'],
    ['a*', 'matches the empty text'],
    ['x[a-z]+', 'upper limit'],
    ['x{2,}', 'upper limit'],
    ['(ab){1,9}', 'group'],
    ['(?=x)y', 'look-around'],
    ['(x)\\1', 'back-references'],
    ['a{0,90}a{0,90}b', 'ways'],
    ['x{1,5000}', '1000'],
    ['[', ''],
  ])('refuses the pattern %s, whose work has no bound', (pattern, reason) => {
    expect(patternFault({ name: 'own', pattern })).toContain(reason);
    expect(() => createRedactor({ extraPatterns: [{ name: 'own', pattern }] })).toThrow(
      /redaction pattern "own"/,
    );
  });

  it.each(['EMP-\\d{4,8}', '(?:AB|CD)-[\\w.]{1,64}', '\\bID\\d\\d?\\b', '[+*]x', '\\p{Lu}{2}\\d{6}'])(
    'accepts %s',
    (pattern) => {
      expect(patternFault({ name: 'own', pattern })).toBeUndefined();
    },
  );
});

describe('redactAttributes', () => {
  it('gives back the same object when nothing was removed', () => {
    const attributes = { region: 'eu', tokens_used: 512, cached: true };
    expect(redactAttributes(attributes)).toBe(attributes);
  });

  it.each([
    'password',
    'PASSWORD',
    'userPassword',
    'db-password',
    'DB_PASSWORD',
    'new password',
    'password2',
    'passwordHash',
    'smtp.pass',
    'client_secret',
    'clientSecret',
    'APISecret',
    'secret_stripe',
    'privateKey',
    'encryption-key',
    'credentials',
    'ssn',
    'token',
    'accessToken',
    'access_token',
    'X-Auth-Token',
    'githubtoken',
    'api_key',
    'apikey',
    'APIKey',
    'X-Api-Key',
    'x_api_key_prod',
    'Ocp-Apim-Subscription-Key',
    'session_id',
    'PHPSESSID',
    'connect.sid',
    'jwt',
    'csrfToken',
    'AccountKey',
    'authorization',
    'Proxy-Authorization',
    'סיסמה',
    'סיסמת_משתמש',
    'пароль',
    'Пароль пользователя',
    'токен',
    'секретный ключ',
    'контрольный пароль',
    'contraseña',
    'Mot de passe',
    'senha',
    'Passwort',
    'şifre',
    '密码',
    '用户密码',
    'パスワード',
    '비밀번호',
    'كلمة المرور',
    'ｐａｓｓｗｏｒｄ',
  ])('removes the value of %s', (name) => {
    const clean = redactAttributes({ [name]: `${secret}value` });
    expect(Object.keys(clean)).toEqual([name]);
    expect(clean[name]).toMatch(/^\[redacted:(?:password|secret|authorization)\]$/);
  });

  it('removes numbers for the sake of their name or their sum', () => {
    expect(
      redactAttributes({
        pin: 1234,
        otp: '482910',
        cvv: '123',
        phone: 501234567,
        n: Number(visa),
        big: 1e20,
        at: 1.5,
      }),
    ).toEqual({
      pin: '[redacted:secret]',
      otp: '[redacted:secret]',
      cvv: '[redacted:secret]',
      phone: '[redacted:phone]',
      n: '[redacted:card]',
      big: 1e20,
      at: 1.5,
    });
  });

  it('removes what stands in a name, and keeps names apart', () => {
    expect(redactAttributes({ 'ann@example.com': 1, 'bob@example.com': 2, plain: 3 })).toEqual({
      plain: 3,
      '[redacted:email]': 1,
      '[redacted:email] 2': 2,
    });
  });
});

describe('redactValue', () => {
  it('reaches into nested objects and arrays and keeps what is clean', () => {
    const clean = { deep: [{ n: 1 }] };
    const value = {
      user: { email: 'ann@example.com', password: secret },
      list: ['a', { token: `${secret}abc` }],
      clean,
    };
    const result = redactValue(value) as typeof value;
    expect(result).toEqual({
      user: { email: '[redacted:email]', password: '[redacted:password]' },
      list: ['a', { token: '[redacted:secret]' }],
      clean,
    });
    expect(result.clean).toBe(clean);
    expect(redactValue(clean)).toBe(clean);
  });

  it('ends at a bounded depth, also for an object that holds itself', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(JSON.stringify(redactValue(loop))).toContain('[redacted:depth]');
  });

  it('is not led astray by a name of the prototype', () => {
    const value: unknown = JSON.parse(`{"__proto__":{"password":"${secret}"}}`);
    expect(JSON.stringify(redactValue(value))).toBe('{"__proto__":{"password":"[redacted:password]"}}');
  });
});

describe('redactEvent', () => {
  it('gives back the same event when nothing was removed', () => {
    const event = request();
    expect(redactEvent(event)).toBe(event);
    const full = request({
      data: { operation: 'search', status: 'error', durationMs: 1, errorMessage: 'no', attributes: { a: 1 } },
    });
    expect(redactEvent(full)).toBe(full);
  });

  it('cleans every field that a sender fills', () => {
    const event = request({
      service: 'bot ann@example.com',
      data: {
        operation: `login password=${secret}`,
        status: 'error',
        durationMs: 1,
        errorCode: 'ann@example.com',
        errorMessage: `bad token=${secret}`,
        stack: `Error: pwd=${secret}\n    at f (/a.js:1:2)`,
        attributes: { password: secret, note: 'ann@example.com', n: 1 },
      },
    });
    const before = structuredClone(event);
    expect(redactEvent(event)).toEqual({
      ...event,
      service: 'bot [redacted:email]',
      data: {
        operation: 'login password=[redacted:password]',
        status: 'error',
        durationMs: 1,
        errorCode: '[redacted:email]',
        errorMessage: 'bad token=[redacted:secret]',
        stack: 'Error: pwd=[redacted:secret]\n    at f (/a.js:1:2)',
        attributes: { password: '[redacted:password]', note: '[redacted:email]', n: 1 },
      },
    });
    expect(event).toEqual(before);
  });

  it('leaves ordinary ids alone, whatever they look like', () => {
    for (const id of [
      visa,
      '7d444840-9dc0-11d1-b245-5ffdce74fad2',
      '4bf92f3577b34da6a3ce929d0e0e4736',
      '1182736451827364518',
      '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      'req_2c9f',
      'update:42',
      '-1001234567890',
      'chat=42;msg=7',
      'a/b/c',
      'user@host',
      '@ann_lee',
      '0521234567',
    ]) {
      const event = request({ requestId: id, traceId: id, userId: id, spanId: id, parentSpanId: id });
      expect(redactEvent(event), id).toBe(event);
    }
  });

  it('gives a user known by e-mail or phone a stable pseudonym that needs the key', () => {
    const hashOf = (key: string) => (value: string) =>
      [...`${key}${value}`]
        .reduce((h, c) => (h * 33n + BigInt(c.charCodeAt(0))) % 2n ** 80n, 7n)
        .toString(16)
        .padStart(20, '0');
    const one = createRedactor({ keyedHash: hashOf('one') });
    const user = (userId: string, by = one) => by.redactEvent(request({ userId })).userId;
    expect(user('ann@example.com')).toMatch(/^redacted-email-[0-9a-f]{16}$/);
    expect(user('ann@example.com')).toBe(user('Ann@Example.com'));
    expect(user('ann@example.com')).not.toBe(user('bob@example.com'));
    expect(user('+972501234567')).toMatch(/^redacted-phone-[0-9a-f]{16}$/);
    expect(user('ann@example.com')).not.toBe(
      user('ann@example.com', createRedactor({ keyedHash: hashOf('two') })),
    );
    expect(user(user('ann@example.com') ?? '')).toBe(user('ann@example.com'));
    expect(redactIdentifier('ann@example.com')).toBe('redacted-email');
  });

  it('keeps the hashes of the keys that the engine issued', () => {
    const event: NewEvent<'KeyIssued'> = {
      ...request(),
      type: 'KeyIssued',
      data: {
        keyId: 'k_1',
        hash: `sk-${'a1'.repeat(20)}`,
        role: 'admin',
        name: 'ann@example.com',
        keyProject: '*',
      },
    };
    expect(redactEvent(event).data).toEqual({ ...event.data, name: '[redacted:email]' });
  });
});
