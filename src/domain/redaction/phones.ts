/**
 * Country codes whose numbers have a known length, digits of the code included: [code, least, most]. Longest code
 * first; a code that is not listed has `otherwise`.
 */
const internationalLengths: readonly (readonly [code: string, least: number, most: number])[] = [
  ['972', 11, 12],
  ['380', 12, 12],
  ['375', 12, 12],
  ['373', 11, 11],
  ['374', 11, 11],
  ['994', 12, 12],
  ['995', 12, 12],
  ['996', 12, 12],
  ['998', 12, 12],
  ['351', 12, 12],
  ['420', 12, 12],
  ['421', 12, 12],
  ['966', 11, 12],
  ['971', 11, 12],
  ['20', 11, 12],
  ['27', 11, 11],
  ['31', 11, 11],
  ['32', 10, 11],
  ['33', 11, 11],
  ['34', 11, 11],
  ['39', 10, 13],
  ['40', 11, 11],
  ['41', 11, 11],
  ['43', 10, 13],
  ['44', 11, 12],
  ['45', 10, 10],
  ['46', 9, 12],
  ['47', 10, 10],
  ['48', 11, 11],
  ['49', 10, 13],
  ['52', 12, 13],
  ['54', 12, 13],
  ['55', 12, 13],
  ['61', 11, 11],
  ['62', 10, 14],
  ['63', 11, 12],
  ['65', 10, 10],
  ['66', 10, 11],
  ['81', 11, 12],
  ['82', 10, 12],
  ['84', 10, 12],
  ['86', 11, 13],
  ['90', 12, 12],
  ['91', 12, 12],
  ['98', 11, 12],
  ['1', 11, 11],
  ['7', 11, 11],
];

// Two-digit codes are all taken or absent; every other number with a plus begins with three digits of code.
const otherwise = { least: 10, most: 15, firsts: '23456789' };

export function isInternational(digits: string): boolean {
  for (const [code, least, most] of internationalLengths) {
    if (digits.startsWith(code)) return digits.length >= least && digits.length <= most;
  }
  const { least, most, firsts } = otherwise;
  return digits.length >= least && digits.length <= most && firsts.includes(digits.charAt(0));
}

/** National ways of writing that hardly anything else has. */
const nationalShapes: readonly RegExp[] = [
  // United States and Canada: 415-555-2671, 415.555.2671, (415) 555-2671, 1-800-555-0199.
  /^(?:1[-.])?[2-9](?!11)\d{2}([-.])[2-9]\d{2}\1\d{4}$/,
  /^\([2-9](?!11)\d{2}\) ?[2-9]\d{2}[- .]\d{4}$/,
  // Israel: 050-1234567, 052-123-4567, 0521234567, 03-1234567.
  /^0(?:5\d|7[2-9])[- ](?:\d{7}|\d{3}[- ]\d{4}|\d{3}-\d{2}-\d{2})$/,
  /^05[0-58]\d{7}$/,
  /^0[23489]-(?:\d{7}|\d{3}-\d{4})$/,
  // Russia and Kazakhstan: 8 (916) 123-45-67, 8-916-123-45-67.
  /^[78][- ]?\(?[3-9]\d{2}\)?[- ]?\d{3}[- ]\d{2}[- ]?\d{2}$/,
  // Ukraine: 067 123 45 67, (044) 123-45-67.
  /^\(?0(?:3[1-8]|4[1-8]|5\d|6[1-9]|7[37]|9[1-9])\)?[- ](?:\d{3}[- ]\d{2}[- ]\d{2}|\d{2}[- ]\d{2}[- ]\d{3})$/,
  // United Kingdom: 020 7946 0958, 07700 900123, 0161 496 0000.
  /^\(?0[12]\d\)? \d{4} \d{4}$/,
  /^07\d{3} \d{3} ?\d{3}$/,
  /^\(?01\d{2}\)? \d{3} \d{4}$/,
];

/** `written` is the number as it stands in the text. */
export function isNational(written: string): boolean {
  return nationalShapes.some((shape) => shape.test(written));
}

/** `00` instead of the plus; unbroken, only before a longer country code, for short ones are more often padding. */
export function isDialledInternational(digits: string, unbroken: boolean): boolean {
  if (digits.length < 12) return false;
  const rest = digits.slice(2);
  return isInternational(rest) && !(unbroken && /^[17]/.test(rest));
}
