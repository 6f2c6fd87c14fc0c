/** What a pattern consists of. */
export type Part =
  | { kind: 'one'; takes: (character: string) => boolean }
  | { kind: 'edge'; at: 'start' | 'end' }
  | { kind: 'sequence'; parts: readonly Part[] }
  | { kind: 'choice'; ways: readonly Part[] }
  | { kind: 'repeat'; part: Part; least: number; most: number };

/** Where one can be in a pattern; states are known by their number. */
type State =
  | { kind: 'one'; takes: (character: string) => boolean; next: number }
  | { kind: 'edge'; at: 'start' | 'end'; next: number }
  | { kind: 'fork'; next: readonly number[] }
  | { kind: 'accept' };

const sum = (parts: readonly Part[]): number => parts.reduce((total, part) => total + sizeOf(part), 1);

/** At least as many as it has states, known before any is made. */
export function sizeOf(part: Part): number {
  switch (part.kind) {
    case 'one':
    case 'edge':
      return 1;
    case 'sequence':
      return sum(part.parts);
    case 'choice':
      return sum(part.ways);
    case 'repeat':
      return 1 + sizeOf(part.part) * (Number.isFinite(part.most) ? part.most + 1 : part.least + 1);
  }
}

/** Adds the states of a part that go on to `next`, and tells where it begins. */
function build(part: Part, next: number, states: State[]): number {
  switch (part.kind) {
    case 'one':
      return states.push({ kind: 'one', takes: part.takes, next }) - 1;
    case 'edge':
      return states.push({ kind: 'edge', at: part.at, next }) - 1;
    case 'sequence':
      return part.parts.reduceRight((after, one) => build(one, after, states), next);
    case 'choice':
      return states.push({ kind: 'fork', next: part.ways.map((way) => build(way, next, states)) }) - 1;
    case 'repeat':
      return buildRepeat(part, next, states);
  }
}

function buildRepeat(repeat: Part & { kind: 'repeat' }, next: number, states: State[]): number {
  const { part, least, most } = repeat;
  let start = next;
  if (most === Number.POSITIVE_INFINITY) {
    const ways = [next];
    start = states.push({ kind: 'fork', next: ways }) - 1;
    ways.unshift(build(part, start, states));
  } else {
    for (let more = least; more < most; more++)
      start = states.push({ kind: 'fork', next: [build(part, start, states), next] }) - 1;
  }
  for (let times = 0; times < least; times++) start = build(part, start, states);
  return start;
}

/** Follows all ways through the text at once. */
export function compileStates(part: Part): (text: string) => boolean {
  const states: State[] = [{ kind: 'accept' }];
  const start = build(part, 0, states);
  return (text) => {
    const characters = [...text];
    const last = characters.length;
    let reached = reach(states, [start], { start: true, end: last === 0 });
    for (const [index, character] of characters.entries()) {
      const next: number[] = [];
      for (const number of reached) {
        const state = states[number];
        if (state?.kind === 'one' && state.takes(character)) next.push(state.next);
      }
      if (next.length === 0) return false;
      reached = reach(states, next, { start: false, end: index + 1 === last });
    }
    return reached.has(0);
  };
}

/** The states that can be reached without taking a character. */
function reach(
  states: readonly State[],
  from: readonly number[],
  edges: { start: boolean; end: boolean },
): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    if (reached.has(number)) continue;
    reached.add(number);
    const state = states[number];
    if (state?.kind === 'fork') open.push(...state.next);
    if (state?.kind === 'edge' && edges[state.at]) open.push(state.next);
  }
  return reached;
}
