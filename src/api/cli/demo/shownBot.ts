import { minuteMs } from '../../../domain/simulation/simulation.ts';
import type { Stream } from '../ports.ts';
import { createProgress } from '../progress.ts';
import { type BotOptions, runBot } from './bot.ts';

/** Runs the bot by the real clock and shows on the terminal how much of its past it has told. */
export async function runShownBot(
  notes: Stream,
  options: Omit<BotOptions, 'clock' | 'onPast'>,
): Promise<void> {
  const progress = createProgress(notes);
  try {
    await runBot({
      ...options,
      clock: Date.now,
      onPast: ({ done, total }) =>
        progress.update({
          label: 'simulating the last day',
          done: done / minuteMs,
          total: total / minuteMs,
          unit: 'minutes',
        }),
      onLive(events) {
        progress.end();
        options.onLive(events);
      },
    });
  } finally {
    progress.end();
  }
}
