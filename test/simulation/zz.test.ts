import { it, vi } from 'vitest';
import { play } from './play.ts';
vi.mock('node:timers/promises', () => {
  const later = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  return { setImmediate: () => later(0), setTimeout: later };
});
it('x', async () => {
  for (const seed of [129, 163]) {
  const { trace, log } = (await play(seed)) as never as { trace: string[]; log: { live: string[]; alone: string[]; events: any[] } };
  const { live, alone, events } = log;
  const show = (s: string) => { const [id, type, data] = JSON.parse(s); return `${id} ${type} ${data.rule} ${data.labels?.service} #${data.number} at ${data.at - Date.UTC(2026, 10, 25)}`; };
  console.log(seed, live.length, alone.length);
  const a = new Set(alone), l = new Set(live);
  console.log('only live', live.filter((x) => !a.has(x)).map(show));
  console.log('only alone', alone.filter((x) => !l.has(x)).map(show));
  const i = live.findIndex((x, n) => x !== alone[n]);
  console.log(i, live.slice(i - 1, i + 4).map(show), alone.slice(i - 1, i + 4).map(show));
  console.log(trace.filter((t) => /alert|append/.test(t) && !/head/.test(t)).slice(-60).join('\n'));
  console.log(events.slice(-30).map((e: any) => `${e.position} ${e.recordedAt - Date.UTC(2026, 10, 25)} ${e.type} ${e.service} ${JSON.stringify(e.data).slice(0, 80)}`).join('\n'));
  }
}, 60000);
