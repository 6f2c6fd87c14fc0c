import { describe, expect, it } from 'vitest';
import { findCommand, parse, tooMuch, unknownCommand } from '../../src/api/cli/arguments.ts';
import { commands } from '../../src/api/cli/commands.ts';
import { UsageError } from '../../src/api/cli/exit.ts';
import { commandHelp, helpAsJson, mainHelp } from '../../src/api/cli/help.ts';
import { paletteFor } from '../../src/api/cli/terminal.ts';
import { bytes, definitions, duration, table, wrap } from '../../src/api/cli/text.ts';

const options = {
  port: { type: 'string', short: 'p', value: '<port>', help: '' },
  demo: { type: 'boolean', help: '' },
} as const;

const fault = (work: () => unknown): UsageError => {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('no fault was found');
};

describe('finding the command', () => {
  const nameOf = (...argv: string[]) => findCommand(argv, commands).command?.name;

  it('takes the first word that is no option, wherever it stands', () => {
    expect(nameOf('verify')).toBe('verify');
    expect(nameOf('--json', 'verify', '--url', 'x')).toBe('verify');
    expect(nameOf('--help')).toBeUndefined();
  });

  it('takes the second word of a family too, also behind options', () => {
    expect(nameOf('keys')).toBe('keys');
    expect(nameOf('keys', 'create', '--role', 'user')).toBe('keys create');
    expect(nameOf('keys', '--data', './x', 'list')).toBe('keys list');
    expect(findCommand(['keys', '--data', './x', 'list'], commands).rest).toEqual(['--data', './x']);
  });

  it('names the nearest command for one that is not there', () => {
    expect(unknownCommand('verfy', commands).hint).toBe('did you mean "verify"?');
    expect(unknownCommand('banana', commands).hint).toContain(
      'serve, demo, backtest, verify, rebuild, keys, migrate, doctor',
    );
    const keys = findCommand(['keys'], commands).command;
    expect(keys && tooMuch(keys, 'revok', commands).hint).toBe('did you mean "revoke"?');
  });
});

describe('parsing', () => {
  it('takes values in both forms, short names and flags', () => {
    expect(parse(['--port', '1', '--demo'], options).values).toEqual({ port: '1', demo: true });
    expect(parse(['--port=1'], options).values).toEqual({ port: '1' });
    expect(parse(['-p', '1'], options).values).toEqual({ port: '1' });
  });

  it('refuses what it does not know, with the nearest name', () => {
    expect(fault(() => parse(['--prot', '1'], options))).toMatchObject({
      message: 'there is no option --prot',
      hint: 'did you mean --port?',
    });
    expect(fault(() => parse(['-x'], options)).hint).toBeUndefined();
    expect(fault(() => parse(['--__proto__'], options)).message).toBe('there is no option --__proto__');
  });

  it('refuses an option without its value, and a value where none belongs', () => {
    expect(fault(() => parse(['--port'], options)).message).toBe('--port needs a value: --port <port>');
    expect(fault(() => parse(['--port', '--demo'], options)).message).toContain('--port needs a value');
    expect(fault(() => parse(['--port='], options)).message).toContain('--port needs a value');
    expect(fault(() => parse(['--demo=yes'], options)).message).toBe('--demo takes no value');
  });

  it('counts arguments', () => {
    expect(parse(['a'], options, ['id']).positionals).toEqual(['a']);
    expect(parse(['a', 'b'], options, ['name…']).positionals).toEqual(['a', 'b']);
    expect(fault(() => parse([], options, ['id'])).message).toBe('<id> is missing');
    expect(fault(() => parse(['a', 'b'], options, ['id'])).message).toBe('"b" is one argument too many');
    expect(parse(['--help'], options, ['id']).values.help).toBe(true);
  });
});

describe('help', () => {
  const plain = paletteFor({ write: () => undefined, isTTY: false, columns: undefined }, {});

  it('fits on 80 columns, for every command', () => {
    const pages = [
      mainHelp(commands, plain, 80),
      ...commands.map((each) => commandHelp(each, commands, plain, 80)),
    ];
    const tooWide = pages.flatMap((page) => page.split('\n')).filter((line) => line.length > 80);
    expect(tooWide).toEqual([]);
  });

  it('lists each command once, and every option of it', () => {
    expect(
      mainHelp(commands, plain, 80)
        .match(/^ {2}(\w+)/gm)
        ?.map((line) => line.trim()),
    ).toEqual(['serve', 'demo', 'backtest', 'verify', 'rebuild', 'keys', 'migrate', 'doctor']);
    for (const command of commands) {
      const page = commandHelp(command, commands, plain, 80);
      for (const name of [...Object.keys(command.options), 'json', 'help'])
        expect(page).toContain(`--${name}`);
    }
  });

  it('says the same to programs', () => {
    const { commands: listed } = helpAsJson(commands);
    const create = listed.find(({ name }) => name === 'keys create');
    expect(create?.options).toContainEqual({
      name: '--role',
      short: '-r',
      type: 'string',
      value: '<role>',
      help: 'what it may do; default ingest',
    });
  });
});

describe('text', () => {
  it('wraps at spaces and keeps long words whole', () => {
    expect(wrap('aaa bbb ccccccccccc d', 7)).toEqual(['aaa bbb', 'ccccccccccc', 'd']);
    expect(definitions([['--x', 'one two three']], 16)).toEqual(['  --x  one two', '       three']);
  });

  it('aligns columns', () => {
    expect(table(['A', 'B'], [['long', '1']])).toEqual(['A     B', 'long  1']);
  });

  it('writes sizes and times as people say them', () => {
    expect([0, 900, 1536, 5 * 2 ** 20, 3 * 2 ** 40].map(bytes)).toEqual([
      '0 B',
      '900 B',
      '1.5 KB',
      '5.0 MB',
      '3.0 TB',
    ]);
    expect([400, 59_400, 95_000, 7_260_000].map(duration)).toEqual(['400 ms', '59s', '1m 35s', '2h 1m']);
  });
});
