// @ts-check
// A source file over 400 lines fails the check, one over 250 is named: most files should be far below.
// usage: node scripts/fileLengths.mjs [folder that holds src]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const mostLines = 400;
const manyLines = 250;

const root = resolve(process.argv[2] ?? '.');
const lengths = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.[mc]?[jt]sx?$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !path.includes('generated'))
  .map((path) => ({ file: relative(root, path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
  .sort((a, b) => b.lines - a.lines);

for (const { file, lines } of lengths.filter(({ lines }) => lines > manyLines)) {
  const verdict = lines > mostLines ? `more than ${mostLines}: split it` : `more than ${manyLines}`;
  console.error(`${file}: ${lines} lines, ${verdict}`);
}
const median = lengths[Math.floor(lengths.length / 2)]?.lines ?? 0;
const tooLong = lengths.filter(({ lines }) => lines > mostLines).length;
console.log(`lengths: ${lengths.length} files, median ${median} lines, ${tooLong} too long`);
if (tooLong > 0) process.exitCode = 1;
