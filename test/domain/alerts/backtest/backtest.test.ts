import { describe, expect, it } from 'vitest';
import { Replay } from '../../../../src/domain/alerts/backtest/replay.ts';
import type { Decision } from '../../../../src/domain/alerts/processor/decision.ts';
import { AlertProcessor } from '../../../../src/domain/alerts/processor/processor.ts';
import type { RecordedEvent } from '../../../../src/domain/events/envelope.ts';
import { asPosition } from '../../../../src/domain/position.ts';
import { script } from '../../../support/alertScript.ts';
import {
  backtest,
  errorRate,
  inOrder,
  minute,
  recorded,
  requests,
  rulesOf,
  second,
  start,
} from './support.ts';

const at = (minutes: number): number => start + minutes * minute;
const rules = rulesOf(errorRate('20%'));

/** Half of the requests fail from the tenth minute to the fifteenth. */
const incident = (over: object = {}): RecordedEvent[][] => [
  requests(at(-5), at(10), 0, over),
  requests(at(10), at(15), 0.5, over),
  requests(at(15), at(30), 0, over),
];
const log = inOrder(...incident());

const asRecorded = (event: object, recordedAt: number): RecordedEvent =>
  ({ ...event, recordedAt, stream: 's', position: asPosition('0') }) as RecordedEvent;

describe('a back-test', () => {
  it('finds what a rule would have fired for, and for how long', () => {
    const result = backtest(log, { rules }).result();
    expect(result.events).toBe(1_800);
    expect(result.fired).toBe(1);
    const [episode] = result.episodes;
    expect(episode).toMatchObject({ rule: 'error-rate', labels: { service: 'bot' }, severity: 'warning' });
    expect(episode).toMatchObject({ openAtStart: false, openAtEnd: false, threshold: 0.2 });
    expect(episode?.firedAt).toBeGreaterThan(at(10));
    expect(episode?.firedAt).toBeLessThan(at(11));
    expect(episode?.resolvedAt).toBeGreaterThan(at(15));
    expect(episode?.transitions).toBe(result.transitions.length);
    const length = (episode?.resolvedAt ?? 0) - (episode?.firedAt ?? 0);
    expect(result.firingMs).toBe(length);
    expect(result.rules).toEqual([
      { rule: 'error-rate', version: 1, fired: 1, firingMs: length, notifications: 2 },
    ]);
  });

  it('decides what the engine decided, byte for byte, when time passes as it did', () => {
    const live = new AlertProcessor({ rules });
    const clock = asRecorded(
      { ...recorded('ClockAdvanced', at(31), { data: { to: at(31) } }), service: 'chronoscope' },
      at(31) + 2 * second,
    );
    const whole = [...inOrder(requests(at(0), at(3), 0.5)), clock];
    const decided = whole.flatMap((event) => live.observe(event));
    expect(decided.length).toBeGreaterThan(1);
    const found: Decision[] = [];
    const options = {
      project: 'default',
      ruleSet: rules,
      from: start,
      channels: [],
      clock: 'recorded',
    } as const;
    const replay = new Replay({ ...options, decided: (decision) => found.push(decision) });
    for (const event of whole) replay.observe(event);
    replay.end(at(32));
    expect(JSON.stringify(found)).toBe(JSON.stringify(decided));
  });

  it('is the same however the log is cut up, and whenever it is read', () => {
    const one = backtest(log, { rules }).result();
    expect(JSON.stringify(backtest(log, { rules }).result())).toBe(JSON.stringify(one));
  });

  it('fills the windows before the stretch, and decides nothing there', () => {
    const result = backtest(log, { rules, from: at(12) }).result();
    expect(result.episodes[0]).toMatchObject({ openAtStart: true });
    expect(result.episodes[0]?.firedAt).toBeLessThan(at(12) + 3 * second);
    expect(result.transitions.every((one) => one.at >= at(12) - 2 * second)).toBe(true);
  });

  it('lets time pass where no event comes: what is due then is decided then', () => {
    const short = inOrder(requests(at(0), at(3), 0.5));
    const { episodes, notifications } = backtest(short, {
      rules: rulesOf(errorRate('20%', 'noData: resolve')),
    }).result();
    expect(episodes[0]?.resolvedAt).toBeLessThan(at(5));
    const resolved = notifications.find(({ reason }) => reason === 'resolved');
    expect(resolved?.at).toBeLessThan(at(10));
  });

  it('counts an alert that is open at the end up to the end', () => {
    const result = backtest(log, { rules, to: at(13) }).result();
    expect(result.episodes[0]).toMatchObject({ openAtEnd: true });
    expect(result.firingMs).toBe(at(13) - (result.episodes[0]?.firedAt ?? 0));
  });

  it('looks at one project', () => {
    expect(backtest(log, { rules, project: 'other' }).result()).toMatchObject({ events: 0, fired: 0 });
  });
});

describe('the order of events', () => {
  /** The failures of one minute come half an hour late. */
  const late = inOrder(
    requests(at(0), at(10)),
    requests(at(10), at(12), 1).map((one) => ({ ...one, recordedAt: one.occurredAt + 15 * minute })),
    requests(at(12), at(30)),
  );

  it('as it arrived: what came too late decided nothing, and is counted', () => {
    const result = backtest(late, { rules }).result();
    expect(result.fired).toBe(0);
    expect(result.gaps.tooLate).toBe(120);
  });

  it('as it is known: it counts where it happened', () => {
    const result = backtest(late, { rules, mode: 'as_known' }).result();
    expect(result.fired).toBe(1);
    expect(result.gaps.tooLate).toBe(0);
    expect(result.episodes[0]?.firedAt).toBeLessThan(at(11));
  });

  it('as it is known: also what was recorded after the stretch has ended', () => {
    const result = backtest(late, { rules, mode: 'as_known', to: at(12) }).result();
    expect(result.fired).toBe(1);
  });

  it('both are the same where nothing came late', () => {
    const [arrived, known] = (['as_arrived', 'as_known'] as const).map((mode) =>
      backtest(log, { rules, mode }).result(),
    );
    expect(known?.transitions).toEqual(arrived?.transitions);
    expect(known?.notifications).toEqual(arrived?.notifications);
  });
});

describe('who would have been told', () => {
  it('is counted by channel, with the reason', () => {
    const { notifications, byChannel, notified } = backtest(log, {
      rules,
      channels: ['chat', 'mail'],
    }).result();
    expect(byChannel).toEqual({ chat: 2, mail: 2 });
    expect(notified).toBe(4);
    expect(notifications.map(({ reason }) => reason)).toEqual(['fired', 'fired', 'resolved', 'resolved']);
  });

  it('heeds the silences of the time', () => {
    const silence = {
      silence: 's1',
      matchers: [{ label: 'service', operator: '=', value: 'bot' }],
      from: at(5),
      until: at(20),
      by: 'someone',
      comment: '',
    };
    const silenced = inOrder(...incident(), [recorded('SilenceCreated', at(5), { data: silence })]);
    expect(backtest(silenced, { rules }).result()).toMatchObject({ fired: 1, notified: 0 });
  });

  it('repeats what goes on, in the time of the log', () => {
    const long = inOrder(requests(at(0), at(30), 0.5));
    const text = `${errorRate('20%')}
routes:
  - { name: all, repeatInterval: 5m }
`;
    const { notifications } = backtest(long, { rules: rulesOf(text) }).result();
    expect(notifications.filter(({ reason }) => reason === 'repeated').length).toBeGreaterThan(3);
  });
});

describe('a comparison', () => {
  it('tells what another rule set finds more, less, and later', () => {
    const compareWith = { name: 'current', rules };
    const stricter = backtest(log, { rules: rulesOf(errorRate('45%')), compareWith }).result();
    expect(stricter.compared?.counts).toEqual({ added: 0, gone: 0, earlier: 0, later: 1, same: 0 });
    expect(stricter.compared?.moved[0]?.byMs).toBeGreaterThan(0);
    const blind = backtest(log, { rules: rulesOf(errorRate('90%')), compareWith }).result();
    expect(blind.compared).toMatchObject({ counts: { gone: 1 }, before: { fired: 1 }, after: { fired: 0 } });
    const same = backtest(log, { rules, compareWith }).result();
    expect(same.compared?.counts).toEqual({ added: 0, gone: 0, earlier: 0, later: 0, same: 1 });
  });
});

describe('against what people said', () => {
  const labels = { project: 'default', service: 'bot' };
  const real = script('error-rate', at(10), { labels });
  const missed = script('error-rate', at(2), { labels });
  const noise = script('error-rate', at(20), { labels });
  const judged = (one: { id: string }, verdict: string) =>
    recorded('AlertJudged', at(29), {
      data: { episode: one.id, rule: 'error-rate', verdict, by: 'someone' },
    });
  const alerts = [
    asRecorded(missed.fired(at(2)), at(2)),
    asRecorded(missed.resolved(at(3)), at(3)),
    asRecorded(real.fired(at(11)), at(11)),
    asRecorded(real.resolved(at(15)), at(15)),
    asRecorded(noise.fired(at(20)), at(20)),
    asRecorded(noise.resolved(at(21)), at(21)),
    judged(missed, 'real'),
    judged(real, 'real'),
    judged(noise, 'noise'),
  ];
  const events = inOrder(...incident(), alerts);

  it('tells precision, recall and how long it took', () => {
    const { quality, rules: outcomes } = backtest(events, { rules }).result();
    expect(quality).toMatchObject({ confirmed: 2, found: 1, judged: 1, right: 1, precision: 1, recall: 0.5 });
    expect(quality?.medianDelayMs).toBeLessThan(minute);
    expect(outcomes[0]?.quality).toEqual(quality);
  });

  it('takes verdicts that were given after the stretch', () => {
    const late = inOrder(...incident(), alerts.slice(0, 6));
    const test = backtest(late, { rules });
    expect(test.result().quality).toBeUndefined();
    expect(test.recordedEpisodes).toContain(real.id);
    test.judge([{ episode: real.id, verdict: 'real' }]);
    expect(test.result().quality).toMatchObject({ confirmed: 1, recall: 1 });
  });

  it('has a grid of thresholds and durations', () => {
    const grid = { rule: 'error-rate', thresholds: [0.1, 0.45, 0.9], forMs: [0, 10 * minute] };
    const cells = backtest(events, { rules, grid }).result().grid?.cells ?? [];
    const fired = cells.map(({ threshold, forMs, fired: count }) => [threshold, forMs / minute, count]);
    expect(fired).toEqual([
      [0.1, 0, 1],
      [0.1, 10, 0],
      [0.45, 0, 1],
      [0.45, 10, 0],
      [0.9, 0, 0],
      [0.9, 10, 0],
    ]);
    expect(cells[0]).toMatchObject({ recall: 0.5, precision: 1 });
    expect(cells[2]?.medianDelayMs).toBeGreaterThan(cells[0]?.medianDelayMs ?? 0);
    expect(cells[4]).toMatchObject({ recall: 0 });
    expect(cells[4]?.precision).toBeUndefined();
  });
});

describe('what the log cannot tell', () => {
  it('is said: windows that are not whole, and silence', () => {
    const holey = inOrder(requests(at(0), at(5)), requests(at(12), at(30)));
    const { gaps } = backtest(holey, { rules, logBegins: at(0) }).result();
    expect(gaps).toMatchObject({
      logBegins: at(0),
      untrusted: [{ rule: 'error-rate', until: at(1) }],
      silent: [{ from: at(5) - second, to: at(12) }],
    });
    expect(backtest(holey, { rules, logBegins: at(-60) }).result().gaps.untrusted).toEqual([]);
  });
});
