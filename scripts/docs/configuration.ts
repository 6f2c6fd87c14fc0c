import { type Variable, variables } from '../../src/domain/variables.ts';

const escaped = (text: string): string => text.replaceAll('|', '\\|');

function row([name, { fallback, allowed, about, secret }]: [string, Variable]): string {
  const file = secret === true ? ' 🔑' : '';
  const standard = fallback === undefined ? 'none' : `\`${fallback}\``;
  return `| \`CHRONOSCOPE_${name}\`${file} | ${standard} | ${escaped(about)} Takes ${escaped(allowed)}. |`;
}

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  return `${[
    '# Configuration',
    '<!-- Made by `npm run docs` from src/domain/variables.ts. Do not edit. -->',
    'Everything is set by environment variables, read once at the start. None is needed. An empty variable is one ' +
      'that is not set. An unknown `CHRONOSCOPE_` variable, or a value that is not taken, stops the start with exit 78 ' +
      'and one line for each fault:',
    '```\nCHRONOSCOPE_PORT: found "70000", allowed is a whole number from 0 to 65535\n' +
      'CHRONOSCOPE_ADMIN_KYE: found a variable that does not exist, did you mean CHRONOSCOPE_ADMIN_KEY?\n```',
    'A secret (🔑) may be given as a file instead: `CHRONOSCOPE_ADMIN_KEY_FILE=/run/secrets/key`. Spaces and line ends ' +
      'around it do not count. No log, error or page of the engine shows a secret.',
    'A variable of a part that a build does not have is checked all the same, and the start says that it does nothing.',
    ['| variable | default | |', '|---|---|---|', ...Object.entries(variables).map(row)].join('\n'),
    '## Ways of writing',
    'Durations are `30s`, `5m`, `1h`, `7d`; sizes `512kb`, `16mb`, `1gb`, counted in 1024s. Lists are separated by ' +
      'commas or spaces. Where several things are set in one variable, as in `CHRONOSCOPE_RETENTION="raw=14d hours=forever"`, ' +
      'what is not named keeps its default.',
    '## In Kubernetes',
    'A Service named `chronoscope` makes Kubernetes set variables such as `CHRONOSCOPE_PORT=tcp://…` in every pod of its ' +
      'namespace. They mean something else, and the start ends with the explanation: set `enableServiceLinks: false`.',
  ].join('\n\n')}\n`;
}
