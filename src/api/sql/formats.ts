import { refuse } from './errors.ts';

const text = 'text/plain; charset=UTF-8';
const binary = 'application/octet-stream';
const json = 'application/json; charset=UTF-8';
const tsv = 'text/tab-separated-values; charset=UTF-8';
const csv = 'text/csv; charset=UTF-8';

const group = (type: string, names: string): [string, string][] =>
  names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => [name, type]);

const withHeader = (name: string): string => `${name} ${name}WithNames ${name}WithNamesAndTypes`;

/** Output formats and their media types. Those that read a schema or a template from a file are left out. */
const contentTypes: ReadonlyMap<string, string> = new Map([
  ...group(tsv, `${withHeader('TabSeparated')} ${withHeader('TSV')}`),
  ...group(
    tsv,
    `${withHeader('TabSeparatedRaw')} ${withHeader('TSVRaw')} Raw RawWithNames RawWithNamesAndTypes`,
  ),
  ...group(csv, withHeader('CSV')),
  ...group(
    json,
    `JSON JSONStrings JSONCompact JSONCompactStrings JSONColumns JSONCompactColumns JSONColumnsWithMetadata
     JSONObjectEachRow`,
  ),
  ...group(
    'application/x-ndjson; charset=UTF-8',
    `JSONEachRow JSONLines NDJSON JSONStringsEachRow PrettyJSONEachRow PrettyJSONLines PrettyNDJSON
     JSONEachRowWithProgress JSONStringsEachRowWithProgress
     ${withHeader('JSONCompactEachRow')} ${withHeader('JSONCompactStringsEachRow')} JSONCompactEachRowWithProgress
     JSONCompactStringsEachRowWithProgress`,
  ),
  ...group('application/xml; charset=UTF-8', 'XML'),
  ...group(
    binary,
    `Native ${withHeader('RowBinary')} Arrow ArrowStream Parquet ORC Avro MsgPack BSONEachRow Npy RawBLOB Buffers`,
  ),
  ...group(
    text,
    `Pretty PrettyNoEscapes PrettyMonoBlock PrettyNoEscapesMonoBlock
     PrettyCompact PrettyCompactNoEscapes PrettyCompactMonoBlock PrettyCompactNoEscapesMonoBlock
     PrettySpace PrettySpaceNoEscapes PrettySpaceMonoBlock PrettySpaceNoEscapesMonoBlock
     Vertical Values TSKV Markdown SQLInsert LineAsString Null ${withHeader('CustomSeparated')} Hash`,
  ),
]);

const byFold = new Map([...contentTypes.keys()].map((name) => [name.toLowerCase(), name]));

/** The engine's spelling of a format's name, which clients may write in any case. */
export function formatNamed(name: string): { name: string; contentType: string } {
  const spelt = byFold.get(name.toLowerCase());
  if (spelt === undefined) throw refuse('UNKNOWN_FORMAT', `Unknown format ${name}`);
  return { name: spelt, contentType: contentTypes.get(spelt) ?? text };
}
