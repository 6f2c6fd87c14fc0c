/** What a producer's clock may say: not before 2000, and not more than a day ahead of ours. */
const earliest = Date.UTC(2000, 0, 1);
const leadAllowed = 86_400_000;

const formats = 'RFC 3339 with a zone (2026-01-31T12:00:00Z) or epoch milliseconds';

const code0 = '0'.charCodeAt(0);
const codeT = 'T'.charCodeAt(0);
const codet = 't'.charCodeAt(0);
const codeZ = 'Z'.charCodeAt(0);
const codez = 'z'.charCodeAt(0);
const codePlus = '+'.charCodeAt(0);
const codeMinus = '-'.charCodeAt(0);
const codeColon = ':'.charCodeAt(0);
const codePoint = '.'.charCodeAt(0);
const codeSpace = ' '.charCodeAt(0);
const isDigit = (code: number) => code >= code0 && code <= code0 + 9;
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

/** The number that `count` digits spell, or a negative one when they are not all digits. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return -1e9;
    value = value * 10 + code - code0;
  }
  return value;
}

const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days since 1970-01-01, or NaN when the calendar has no such day. */
function dayNumber(year: number, month: number, day: number): number {
  const before = daysBefore[month - 1];
  if (before === undefined || year < 0 || day < 1) return Number.NaN;
  const leap = isLeap(year);
  const length = (daysBefore[month] ?? 365) - before + (month === 2 && leap ? 1 : 0);
  if (day > length) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 477;
  return (year - 1970) * 365 + leapDays + before + (month > 2 && leap ? 1 : 0) + day - 1;
}

/** Where the digits after the point end. */
function fractionEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Milliseconds that the first six digits behind the point stand for; what is smaller is cut off. */
function fraction(text: string, at: number, end: number): number {
  let microseconds = 0;
  for (let i = at; i < at + 6; i++)
    microseconds = microseconds * 10 + (i < end ? text.charCodeAt(i) - code0 : 0);
  return microseconds / 1000;
}

/** The zone's offset in milliseconds, or NaN when there is none. */
function zone(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === codeZ || sign === codez) return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== codePlus && sign !== codeMinus) || text.length !== at + 6) return Number.NaN;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (text.charCodeAt(at + 3) !== codeColon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return Number.NaN;
  return (sign === codeMinus ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function separated(text: string): boolean {
  const between = text.charCodeAt(10);
  return (
    text.charCodeAt(4) === codeMinus &&
    text.charCodeAt(7) === codeMinus &&
    (between === codeT || between === codet || between === codeSpace) &&
    text.charCodeAt(13) === codeColon &&
    text.charCodeAt(16) === codeColon
  );
}

/**
 * RFC 3339 to epoch milliseconds with microseconds behind the point; NaN for anything else. A leap second is the
 * first instant of the next minute, as in every system that counts without them.
 */
export function parseRfc3339(text: string): number {
  if (text.length < 20 || text.length > 64 || !separated(text)) return Number.NaN;
  const day = dayNumber(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return Number.NaN;
  const pointed = text.charCodeAt(19) === codePoint;
  const end = pointed ? fractionEnd(text, 20) : 19;
  if (end === 20) return Number.NaN;
  const whole = ((day * 24 + hour) * 60 + minute) * 60_000 + second * 1000 - zone(text, end);
  return pointed && second !== 60 ? whole + fraction(text, 20, end) : whole;
}

function wrongShape(time: string): string {
  if (/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(time))
    return `\`time\` is "${time}", which names no zone; allowed: ${formats}`;
  if (/^\d+(\.\d+)?$/.test(time))
    return `\`time\` is "${time.slice(0, 40)}" in quotes; epoch milliseconds are sent as a number`;
  return `\`time\` is "${time.slice(0, 40)}"; allowed: ${formats}`;
}

function outOfRange(time: string | number, at: number): string {
  const shown = typeof time === 'number' ? String(time) : `"${time}"`;
  if (at < earliest) {
    const hint = typeof time === 'number' && at * 1000 >= earliest ? '; is it in seconds?' : '';
    return `\`time\` is ${shown}, before the year 2000${hint}; allowed: ${formats}`;
  }
  const hint = at > 1e14 ? '; is it in microseconds or nanoseconds?' : '';
  return `\`time\` is ${shown}, more than a day ahead of this machine's clock${hint}`;
}

/** When the event happened, in epoch milliseconds, or the sentence that says why the time cannot be right. */
export function parseTime(time: string | number, now: number): number | string {
  const at = typeof time === 'number' ? Math.round(time * 1000) / 1000 : parseRfc3339(time);
  if (at >= earliest && at <= now + leadAllowed) return at;
  return Number.isNaN(at) ? wrongShape(String(time)) : outOfRange(time, at);
}
