import { expect, test } from 'vitest';
import { groupingBy, labelOf } from '../../../src/domain/alerts/labels.ts';
import { happened, request } from '../../support/alertEvents.ts';

const one = happened('RequestCompleted', 0, {
  project: 'shop',
  service: 'bot',
  userId: 'u1',
  data: {
    errorCode: 'E7',
    attributes: { region: 'eu', shard: 3, beta: true, constructor: 'mine', status: 'no' },
  },
});
const metric = happened('MetricRecorded', 0, { data: { kind: 'gauge' } });

test.each([
  ['project', 'shop'],
  ['service', 'bot'],
  ['user_id', 'u1'],
  ['operation', 'search'],
  ['error_code', 'E7'],
  ['region', 'eu'],
  ['shard', '3'],
  ['beta', 'true'],
  ['constructor', 'mine'],
  ['toString', ''],
  ['__proto__', ''],
  ['nowhere', ''],
])('the label %s is %j', (name, expected) => {
  expect(labelOf(one, name)).toBe(expected);
});

test('a field of the event comes before an attribute of the same name', () => {
  expect(labelOf(one, 'status')).toBe('success');
});

test('what kind of metric it is has a name of its own', () => {
  expect(labelOf(metric, 'metric_type')).toBe('gauge');
});

test.each([[[]], [['service']], [['service', 'region']], [['service', 'region', 'nowhere']]])(
  'grouped by %j, the written labels lead to the same key',
  (names) => {
    const grouping = groupingBy(names);
    const labels = grouping.labelsFrom(grouping.keyOf(one));
    expect(Object.keys(labels)).toEqual(names);
    expect(grouping.keyFrom(labels)).toBe(grouping.keyOf(one));
    expect(grouping.keyFrom(JSON.parse(JSON.stringify(labels)))).toBe(grouping.keyOf(one));
  },
);

test('a value that is longer than what can be written down is cut, in the key too', () => {
  const long = request(0, { attributes: { region: 'x'.repeat(5_000) } });
  const grouping = groupingBy(['region']);
  const labels = grouping.labelsFrom(grouping.keyOf(long));
  expect(labels.region).toHaveLength(1_000);
  expect(grouping.keyFrom(labels)).toBe(grouping.keyOf(long));
});
