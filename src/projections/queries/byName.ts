/** Code point by code point, so that the order is the same on every machine. */
export const byName = (
  a: { service: string; operation: string },
  b: { service: string; operation: string },
): number => compare(a.service, b.service) || compare(a.operation, b.operation);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
