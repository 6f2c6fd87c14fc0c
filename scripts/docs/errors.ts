import { errorCatalogue } from '../../src/domain/errors.ts';

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue)
    .map(([code, { status, help }]) => ({ code, status, help }))
    .sort((a, b) => a.status - b.status || a.code.localeCompare(b.code))
    .map(({ code, status, help }) => `| \`${code}\` | ${status} | ${help.replaceAll('|', '\\|')} |`);
  return `${[
    '# Errors',
    '<!-- Made by `npm run docs` from src/domain/errors.ts. Do not edit. -->',
    'Every answer that is not a success has this body, whatever refused the request:',
    '```json\n{ "error": { "code": "CHR_FORBIDDEN", "message": "This needs the role user; the key has ingest." } }\n```',
    '`code` is stable and means one thing for ever; go by it. `message` is for people and may be worded anew. ' +
      '`details` is there when there is more to say. ' +
      'Every answer carries `x-request-id`: the one that was sent, or a new one. The log of the engine has it too.',
    'Where `Retry-After` is set, the same request can succeed after so many seconds.',
    ['| code | status | what it means, and what to do |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n')}\n`;
}
