import type { RulePrecision } from '../../../projections/queries/alertPrecision.ts';

type Counts = Omit<RulePrecision['days'][number], 'day'>;

export function precisionOf({ rule, days }: RulePrecision) {
  return {
    rule,
    ...withShares(days.reduce(added, { fired: 0, real: 0, noise: 0, duplicate: 0 })),
    days: days.map(({ day, ...counts }) => ({ day, ...withShares(counts) })),
  };
}

const added = (sum: Counts, one: Counts): Counts => ({
  fired: sum.fired + one.fired,
  real: sum.real + one.real,
  noise: sum.noise + one.noise,
  duplicate: sum.duplicate + one.duplicate,
});

function withShares({ fired, real, noise, duplicate }: Counts) {
  const judged = real + noise + duplicate;
  const precision = judged === 0 ? {} : { precision: real / judged };
  return { fired, real, noise, duplicate, unjudged: fired - judged, ...precision };
}
