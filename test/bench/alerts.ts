import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { builtinRules } from '../../src/domain/alerts/rules/builtin.ts';
import { besidePrometheus, isPrometheusThere, rulesBeside, timings } from './alertsBeside.ts';
import { backtestSpeed, costOfAlerts, idleCost } from './alertsCost.ts';
import { decisionDelay, deliveryDelay, ruleForDecisions, rulesForDelivery } from './alertsDelay.ts';
import { type EngineProcess, startEngine } from './engine.ts';
import type { Figure } from './figures.ts';
import { openReceiver } from './receiver.ts';

export interface AlertBench {
  say(text: string): void;
  add(...figures: Figure[]): void;
  /** One part of them alone. */
  only: AlertPart | undefined;
}

export const alertParts = ['decided', 'delivered', 'beside', 'memory', 'idle', 'cost', 'backtest'] as const;
export type AlertPart = (typeof alertParts)[number];

const costEvents = 1_000_000;
const backtestEvents = 2_000_000;

/** Everything about alerts, each part in an engine of its own. */
export async function benchAlerts({ say, add, only }: AlertBench): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chronoscope-bench-'));
  let files = 0;
  const rulesFile = async (text: string) => {
    const path = join(folder, `rules-${++files}.yml`);
    await writeFile(path, text);
    return path;
  };
  const receiver = await openReceiver();
  const started = async (rules: string, path = '/ours') =>
    startEngine(join(folder, `data-${files + 1}`), {
      CHRONOSCOPE_RULES: await rulesFile(rules),
      CHRONOSCOPE_WEBHOOK_URL: receiver.url(path),
      CHRONOSCOPE_LOG_LEVEL: 'warn',
    });
  const inEngine = async (rules: string, work: (engine: EngineProcess) => Promise<Figure[]>) => {
    const engine = await started(rules);
    add(...(await work(engine).finally(() => engine.stop())));
  };
  const parts: Record<AlertPart, () => Promise<unknown>> = {
    decided: () => inEngine(builtinRules.replace('rules:\n', `rules:\n${ruleForDecisions}\n`), decisionDelay),
    delivered: () => inEngine(rulesForDelivery, (engine) => deliveryDelay(engine, receiver)),
    async beside() {
      if (!(await isPrometheusThere()))
        return say('  skipped: `prometheus` and `prometheus-alertmanager` are not installed');
      const contenders = await Promise.all(
        timings.map(async (timing, number) => {
          const path = `/ours-${number}`;
          return { timing, path, engine: await started(rulesBeside(timing), path) };
        }),
      );
      const stop = () => Promise.all(contenders.map(({ engine }) => engine.stop()));
      add(...(await besidePrometheus(contenders, receiver, folder).finally(stop)));
    },
    memory: async () => add(...(await memory('own')), ...(await memory('shared'))),
    idle: async () => add(...(await idleCost(rulesFile))),
    cost: async () => add(...(await costOfAlerts(costEvents, rulesFile))),
    backtest: async () => add(...(await backtestSpeed(backtestEvents))),
  };
  try {
    for (const part of alertParts) {
      if (only !== undefined && only !== part) continue;
      say(`alerts: ${part}`);
      await parts[part]();
    }
  } finally {
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Held {
  rules: number;
  windows: number;
  bytes: number;
  snapshotBytes: number;
  microsPerEvent: number;
}

async function memory(which: 'own' | 'shared'): Promise<Figure[]> {
  const program = fileURLToPath(new URL('./alertsMemory.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, which]);
  const { rules, windows, bytes, snapshotBytes, microsPerEvent } = JSON.parse(stdout) as Held;
  const name = which === 'own' ? 'label sets of their own' : 'shared label sets';
  const note = `${windows.toLocaleString('en-US')} windows; the processor alone; ${Math.round(snapshotBytes / 1e6)} MB of snapshot`;
  return [
    {
      name: `${rules} rules, 10,000 ${name}, memory`,
      value: bytes / 1e6,
      unit: 'MB',
      aim: { atMost: 200 },
      note,
    },
    { name: `${rules} rules, 10,000 ${name}, an event`, value: microsPerEvent, unit: 'µs' },
  ];
}
