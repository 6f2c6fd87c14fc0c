import { describe, expect, it } from 'vitest';
import {
  type Fixture,
  FixtureKeeper,
  parseFixture,
  replayFixture,
} from '../../../../src/domain/alerts/backtest/fixture.ts';
import { backtest, errorRate, inOrder, minute, requests, rulesOf, start } from './support.ts';

const text = errorRate('20%');
const events = inOrder(
  requests(start - 2 * minute, start + 5 * minute),
  requests(start + 5 * minute, start + 8 * minute, 0.5),
  requests(start + 8 * minute, start + 15 * minute),
);

function kept(mode: 'as_arrived' | 'as_known' = 'as_arrived'): Fixture {
  const result = backtest(events, { rules: rulesOf(text), to: start + 15 * minute, mode }).result();
  const keeper = new FixtureKeeper('default');
  keeper.take(events);
  return keeper.fixture({ name: 'the night of the pool', rulesText: text, only: [] }, result);
}

const read = (fixture: Fixture): Fixture => {
  const parsed = parseFixture(JSON.stringify(fixture));
  if (parsed === undefined) throw new Error('it cannot be read');
  return parsed;
};

describe('a fixture', () => {
  it.each(['as_arrived', 'as_known'] as const)('replays to the very same transitions, %s', (mode) => {
    const fixture = kept(mode);
    expect(fixture.transitions.length).toBeGreaterThan(1);
    expect(replayFixture(read(fixture))).toMatchObject({ kind: 'replayed', difference: undefined });
  });

  it('tells the first transition that differs', () => {
    const { difference } = replayFixture(read(kept()), errorRate('40%')) as {
      difference?: { index: number };
    };
    expect(difference).toMatchObject({
      index: 0,
      expected: { type: 'AlertFired' },
      found: { type: 'AlertFired' },
    });
    const gone = replayFixture(read(kept()), errorRate('95%'));
    expect(gone).toMatchObject({ difference: { index: 0, found: undefined } });
  });

  it('tells what is wrong with rules that cannot be read', () => {
    expect(replayFixture(kept(), 'rules: 5')).toMatchObject({ kind: 'refused' });
  });

  it('is none when the text is something else', () => {
    for (const other of ['', '{}', '[]', '{"format":"chronoscope-fixture/2"}']) {
      expect(parseFixture(other)).toBeUndefined();
    }
  });
});
