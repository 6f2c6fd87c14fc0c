import { z } from 'zod';
import { faultText } from '../../domain/alerts/rules/faults.ts';

const faulty = z.object({
  faults: z
    .array(z.object({ line: z.number(), column: z.number(), path: z.string(), message: z.string() }))
    .min(1),
});

/** A refusal of rules names the first fault alone; who has the file open wants all of them, a line for each. */
export function everyFault(message: string, details: unknown): string {
  const read = faulty.safeParse(details);
  if (!read.success) return inOptions(message);
  return ['the rules were not taken:', ...read.data.faults.map((fault) => `  ${faultText(fault)}`)].join(
    '\n',
  );
}

/** What a field of the request is called on the command line. */
const options: Readonly<Record<string, string>> = {
  only: 'rule',
  compareWith: 'compare',
  'grid.rule': 'rule',
};

const inOptions = (message: string): string =>
  message.replace(/^body "([\w.]+)"/, (_, field: string) => `--${options[field] ?? field}`);
