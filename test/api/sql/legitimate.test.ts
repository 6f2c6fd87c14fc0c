import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { legitimate } from './legitimate.ts';
import { keys, type Serving, serving } from './serving.ts';

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

test('there are more than a hundred statements that have to work', () => {
  expect(legitimate.length).toBeGreaterThan(100);
});

describe('a statement that has to work', () => {
  test.each(legitimate)('%s', async (sql) => {
    const answer = await server.ask(sql);
    expect(answer.status, answer.text).toBe(200);
  });

  const plans = /^EXPLAIN (?:SELECT|indexes|PIPELINE)/;
  test.each(legitimate.filter((sql) => !plans.test(sql)))(
    'works with a key of one project: %s',
    async (sql) => {
      const answer = await server.ask(sql, { key: keys.a });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.text).not.toContain('secret-of-project-b');
    },
  );
});

describe('what the system tables tell', () => {
  test.each([
    ['SELECT name FROM system.tables ORDER BY name', 'errors\nfindings\nlogs\nrequests\n'],
    ['SELECT name FROM system.databases ORDER BY name', 'chronoscope\ninformation_schema\nsystem\n'],
    ['SELECT DISTINCT database FROM system.columns', 'chronoscope\n'],
    ['SHOW TABLES', 'errors\nfindings\nlogs\nrequests\n'],
    ['EXISTS chronoscope.keys', '0\n'],
    ['EXISTS requests', '1\n'],
    [
      'SHOW CREATE TABLE findings',
      'CREATE VIEW chronoscope.findings (project String, file String, line UInt32)\n',
    ],
    ["SELECT count() FROM system.tables WHERE create_table_query LIKE '%store%' OR as_select != ''", '0\n'],
    ["SELECT count() FROM information_schema.views WHERE view_definition != ''", '0\n'],
    ["SELECT count() FROM system.functions WHERE name IN ('file', 'sleep')", '0\n'],
    ["SELECT count() FROM system.settings WHERE name = 'additional_table_filters'", '0\n'],
    ["SELECT value FROM system.settings WHERE name = 'readonly'", '1\n'],
  ])('%s', async (sql, expected) => {
    expect((await server.ask(sql)).text).toBe(expected);
  });

  test('no path of the machine, whatever is asked', async () => {
    for (const table of ['tables', 'columns', 'databases', 'settings', 'processes', 'disks', 'parts']) {
      const answer = await server.ask(`SELECT * FROM system.${table} FORMAT JSON`);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.text).not.toContain('chronoscope_store');
      expect(answer.text).not.toContain(server.store.folder);
      expect(answer.text).not.toContain('/store/');
    }
  });
});
