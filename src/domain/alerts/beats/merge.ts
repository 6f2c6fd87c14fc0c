import { joined, type Slice } from './partial.ts';

/** How far something has come: within a beat, up to one of its cuts, or to its end. */
export interface Place {
  beat: number;
  /** Null is the end of the beat. */
  cut: number | null;
}

interface Lane {
  slices: Slice[];
  reached: Place;
}

const nowhere: Place = { beat: Number.NEGATIVE_INFINITY, cut: null };

const placeOf = ({ beat, cut, control }: Slice): Place => ({ beat, cut: control === undefined ? null : cut });

const order = (a: Place, b: Place): number => {
  if (a.beat !== b.beat) return a.beat < b.beat ? -1 : 1;
  return a.cut === b.cut ? 0 : (a.cut ?? Infinity) < (b.cut ?? Infinity) ? -1 : 1;
};

/**
 * Puts together what readers of parts of the log have read up to the same place. A part that is behind holds all of them
 * back, and one that repeats itself, as after a restart, is not heard twice.
 */
export class SliceMerger {
  readonly #lanes: readonly Lane[];
  #taken: Place;

  /** `after` is what has been given before. */
  constructor(lanes: number, after: Place = nowhere) {
    this.#lanes = Array.from({ length: lanes }, () => ({ slices: [], reached: after }));
    this.#taken = after;
  }

  /** The place up to which everything has been given. */
  get taken(): Place {
    return this.#taken;
  }

  add(lane: number, slice: Slice): void {
    const one = this.#lanes[lane];
    if (one === undefined) throw new RangeError(`there is no lane ${lane}`);
    if (order(placeOf(slice), one.reached) > 0) one.slices.push(slice);
    const reached = slice.control === undefined ? { beat: slice.through, cut: null } : placeOf(slice);
    if (order(reached, one.reached) > 0) one.reached = reached;
  }

  /** The next slice of all of them; undefined while one of them has not come so far. */
  next(): Slice | undefined {
    const heads = this.#lanes.flatMap(({ slices: [head] }) => head ?? []);
    const first = heads.map(placeOf).reduce((a, b) => (order(a, b) <= 0 ? a : b), endless);
    if (first === endless || this.#lanes.some(({ reached }) => order(reached, first) < 0)) return undefined;
    const told = this.#lanes.flatMap(({ slices }) => {
      const [head] = slices;
      if (head === undefined || order(placeOf(head), first) !== 0) return [];
      slices.shift();
      return head;
    });
    this.#taken = first;
    return together(told, first);
  }
}

const endless: Place = { beat: Number.POSITIVE_INFINITY, cut: null };

function together(told: readonly Slice[], { beat }: Place): Slice {
  const heard = told.flatMap(({ heardAt }) => heardAt ?? []);
  const control = told.find((one) => one.control !== undefined)?.control;
  return {
    beat,
    through: beat,
    cut: told[0]?.cut ?? 0,
    heardAt: heard.length === 0 ? null : Math.max(...heard),
    projects: joined(told.flatMap(({ projects }) => projects)),
    ...(control !== undefined && { control }),
  };
}
