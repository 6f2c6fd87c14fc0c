import { resolve } from 'node:path';
import { dataOption, withOptions } from '../access.ts';
import type { Command, Run } from '../command.ts';
import { exitCodes } from '../exit.ts';
import { plural, wrap } from '../text.ts';
import { type Check, type Finding, ok, type Patient, problem, type State } from './check.ts';
import { dataFolder, engine, folderClock } from './folder.ts';
import { engineLibrary, logLibrary } from './libraries.ts';
import { clock, memory, nodeVersion, openFiles, platform, threads } from './machine.ts';
import { ports } from './ports.ts';
import { services } from './services.ts';

const version: Check = ({ version: ours, packageFolder }) => [
  ok('version', `${ours}, in ${resolve(packageFolder)}`),
];

const configuration: Check = ({ faults }): Finding[] => {
  if (faults.length === 0) return [ok('configuration', 'every variable is known and right')];
  const advice = 'Correct it; what hangs on the configuration was not looked at.';
  return faults.map((fault) => problem('configuration', fault, advice));
};

/** In the order in which they are told: what the rest stands on comes first. */
const checks: readonly Check[] = [
  version,
  nodeVersion,
  platform,
  memory,
  threads,
  openFiles,
  clock,
  configuration,
  logLibrary,
  engineLibrary,
  dataFolder,
  folderClock,
  engine,
  ports,
  services,
];

async function examine(patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  // One after the other: the ports are looked at by taking them, the libraries by loading half a gigabyte.
  for (const check of checks) {
    try {
      findings.push(...(await check(patient)));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      findings.push(problem('doctor', `a check failed itself: ${message}`, 'Please report this.'));
    }
  }
  return findings;
}

async function doctor(run: Run): Promise<number> {
  const env = withOptions(run);
  const configured = run.ports.configure(env);
  const known = 'faults' in configured ? undefined : configured;
  const findings = await examine({
    settings: known?.settings,
    faults: 'faults' in configured ? configured.faults : [],
    version: run.ports.version,
    packageFolder: run.ports.packageFolder,
    env,
    now: Date.now(),
  });
  const problems = findings.filter(({ state }) => state === 'problem').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  if (run.json) run.printJson({ healthy: problems === 0, problems, warnings, checks: findings });
  else
    run.print(
      [...findings.flatMap((finding) => lines(run, finding)), '', verdict(problems, warnings)].join('\n'),
    );
  return problems === 0 ? exitCodes.done : exitCodes.failed;
}

function verdict(problems: number, warnings: number): string {
  if (problems === 0 && warnings === 0) return 'All is well.';
  const found = [problems > 0 && plural(problems, 'problem'), warnings > 0 && plural(warnings, 'warning')];
  const end = problems > 0 ? 'solve the problems before starting.' : 'it will run.';
  return `${found.filter(Boolean).join(', ')}: ${end}`;
}

const nameWidth = 16;

function lines({ paint, width }: Run, { name, state, message, advice }: Finding): string[] {
  const marks: Readonly<Record<State, string>> = {
    ok: paint.green('✓'),
    warning: paint.yellow('!'),
    problem: paint.red('✗'),
  };
  const indent = ' '.repeat(nameWidth + 2);
  const room = width - indent.length;
  const [first = '', ...rest] = wrap(message, room);
  const told = [`${marks[state]} ${name.padEnd(nameWidth)}${first}`, ...rest.map((line) => indent + line)];
  const todo = advice === undefined ? [] : wrap(`→ ${advice}`, room).map((line) => indent + paint.bold(line));
  return [...told, ...todo];
}

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'explain what is wrong with this machine, folder, port or version',
  details: ['Ends with 1 when there is a problem. Nothing is changed.'],
  options: dataOption,
  examples: ['chronoscope doctor', 'chronoscope doctor --json'],
  run: doctor,
};
