/** Card brands as ranges of leading digits with the lengths that they issue. */
const brands: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [4, 4, [16]],
  [51, 55, [16]],
  [2221, 2720, [16]],
  [34, 34, [15]],
  [37, 37, [15]],
  [300, 305, [14]],
  [36, 36, [14]],
  [38, 39, [14]],
  [6011, 6011, [16]],
  [644, 659, [16]],
  [3528, 3589, [16]],
  [2200, 2204, [16]],
  [9792, 9792, [16]],
  [62, 62, [16, 17, 18, 19]],
  [8600, 8600, [16]],
  [9860, 9860, [16]],
  [5018, 5018, [16, 17, 18, 19]],
  [5020, 5020, [16, 17, 18, 19]],
  [5038, 5038, [16, 17, 18, 19]],
  [5893, 5893, [16, 17, 18, 19]],
  [6304, 6304, [16, 17, 18, 19]],
  [6759, 6763, [16, 17, 18, 19]],
  [508, 508, [16]],
  [606, 608, [16]],
];

/** Grouped as on the card. Thirteen and nineteen digits are Visa's too, but far more often something else. */
const printedGroups: ReadonlySet<string> = new Set([
  '4-4-4-4',
  '4-6-5',
  '4-6-4',
  '4-4-4-4-3',
  '4-4-4-4-2',
  '8-8',
]);

export function isCardNumber(digits: string, groups: readonly number[]): boolean {
  if (digits.length < 14 || digits.length > 19) return false;
  const printed = groups.length > 1;
  if (printed && !printedGroups.has(groups.join('-'))) return false;
  const visaNineteen = printed && digits.length === 19 && digits.startsWith('4');
  return (visaNineteen || isIssued(digits)) && passesLuhn(digits);
}

function isIssued(digits: string): boolean {
  return brands.some(([from, to, lengths]) => {
    const lead = Number(digits.slice(0, String(from).length));
    return lead >= from && lead <= to && lengths.includes(digits.length);
  });
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits.charCodeAt(i) - 48;
    const value = double ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
