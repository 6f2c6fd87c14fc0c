import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/adapters/clickhouse/address.ts';

describe('the address of a read store', () => {
  it.each([
    ['http://u:p@h:8123/d', { endpoint: 'http://h:8123', user: 'u', password: 'p', database: 'd' }],
    ['https://h', { endpoint: 'https://h', user: 'default', password: '', database: 'chronoscope' }],
    ['http://h:8123/d/', { endpoint: 'http://h:8123', user: 'default', password: '', database: 'd' }],
    [
      'http://a%40b:p%2Fw%3A@h/',
      { endpoint: 'http://h', user: 'a@b', password: 'p/w:', database: 'chronoscope' },
    ],
  ])('%s is taken apart', (url, parts) => {
    expect(addressOf(url)).toEqual(parts);
  });

  it.each(['http://h/a-b', 'http://h/a/b', 'http://h/1a', 'http://h/a%20b', 'http://h/a;DROP'])(
    '%s names no database',
    (url) => {
      expect(() => addressOf(url)).toThrow('no plain name');
    },
  );
});
