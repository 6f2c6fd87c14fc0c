import type { RuleSet } from '../domain/alerts/rule.ts';

/** What is well said in a rules file, and will not do what it says with the channels that there are. */
export function warningsOf({ policy }: RuleSet, channels: readonly string[]): string[] {
  if (channels.length === 0)
    return ['No channel is configured: alerts are decided and shown, and nobody is told.'];
  return policy.routes.flatMap(({ name, channels: wanted, escalate }) =>
    [...wanted, ...escalate.flatMap((step) => step.channels)]
      .filter((channel) => !channels.includes(channel))
      .map((channel) => `The route ${name} names the channel ${channel}, which is not configured.`),
  );
}
