import { quote } from '../sql.ts';

/** The words of a search, and what stands in double quotes as one; each must occur, wherever, in any case. */
function termsOf(text: string): string[] {
  const terms = [...text.matchAll(/"([^"]+)"|[^\s"]+/g)].map((match) => (match[1] ?? match[0]).trim());
  return [...new Set(terms.filter((term) => term !== ''))].slice(0, 16);
}

/** The text index answers a `ILIKE` on one word from its dictionary; what it cannot answer is looked through. */
export const textConditions = (column: string, text: string): string[] =>
  termsOf(text).map((term) => `${column} ILIKE ${quote(`%${term.replace(/[\\%_]/g, '\\$&')}%`)}`);
