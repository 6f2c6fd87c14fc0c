import { refuse } from '../errors.ts';

/**
 * Fields of a form, in which some drivers send long parameters. Files, which would be external tables, are refused.
 */
export function formFields(body: Buffer, contentType: string): [string, string][] {
  const boundary = /boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) throw refuse('BAD_ARGUMENTS', 'The form has no boundary');
  const text = body.toString('utf8');
  const pieces = `\r\n${text}`.split(`\r\n--${mark}`);
  if (pieces.length < 2) throw refuse('BAD_ARGUMENTS', 'The form is not divided by its boundary');
  return pieces
    .slice(1)
    .filter((piece) => !piece.startsWith('--'))
    .map(field);
}

function field(piece: string): [string, string] {
  const end = piece.indexOf('\r\n\r\n');
  if (end === -1) throw refuse('BAD_ARGUMENTS', 'A field of the form has no content');
  const head = piece.slice(0, end);
  if (/;\s*filename\*?=/i.test(head)) throw refuse('NOT_IMPLEMENTED', 'External tables are not supported');
  const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) throw refuse('BAD_ARGUMENTS', 'A field of the form has no name');
  return [name, piece.slice(end + 4)];
}
