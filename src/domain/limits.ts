/**
 * A sliding window (never more than `limit` in any stretch of `windowMs`) and a token bucket (never more than
 * `burst` at once, refilled at the window's average pace). A request passes when both let it.
 */
export interface LimitPolicy {
  limit: number;
  windowMs: number;
  burst: number;
}

export interface LimitVerdict {
  allowed: boolean;
  limit: number;
  /** What can still be taken at once. */
  remaining: number;
  /** Until the whole limit is there again or, when refused, until the same request would pass. */
  resetMs: number;
}

export interface LimitState {
  /** The newest time seen. */
  at: number;
  tokens: number;
  /** The number of the newest slot; `counts[slot % length]` is what it has taken. */
  slot: number;
  counts: readonly number[];
  total: number;
}

const slotsPerWindow = 10;
/** One more than a window holds: the slot that the window's start cuts through counts in full, never too little. */
const ringSize = slotsPerWindow + 1;

const slotMs = (policy: LimitPolicy): number => policy.windowMs / slotsPerWindow;

export function initialLimit(policy: LimitPolicy, now: number): LimitState {
  const slot = Math.floor(now / slotMs(policy));
  return { at: now, tokens: policy.burst, slot, counts: new Array<number>(ringSize).fill(0), total: 0 };
}

/** Brings a state forward to `now`: old slots leave the window, tokens drip in. */
export function advance(state: LimitState, policy: LimitPolicy, now: number): LimitState {
  // A clock set back by more than a window is believed, or the bucket would stay shut until the old time comes
  // again. A smaller step back is held, so that jitter cannot refill anything twice.
  if (now < state.at) return state.at - now < policy.windowMs ? state : reanchored(state, policy, now);
  const slot = Math.floor(now / slotMs(policy));
  const tokens = Math.min(policy.burst, state.tokens + ((now - state.at) * policy.limit) / policy.windowMs);
  // Written out field by field: on the way of every request a spread would cost more than all the rest.
  if (slot === state.slot) return { at: now, tokens, slot, counts: state.counts, total: state.total };
  const counts = state.counts.slice();
  let total = state.total;
  for (let passed = Math.max(state.slot + 1, slot - slotsPerWindow); passed <= slot; passed += 1) {
    total -= counts[passed % ringSize] ?? 0;
    counts[passed % ringSize] = 0;
  }
  return { at: now, tokens, slot, counts, total };
}

export interface Taken {
  state: LimitState;
  verdict: LimitVerdict;
}

export const fitsIn = (advanced: LimitState, policy: LimitPolicy, cost: number): boolean =>
  advanced.total + cost <= policy.limit && advanced.tokens + tolerance >= cost;

/** Takes `cost` out of an advanced state if it fits, and tells what is left either way. */
export function take(advanced: LimitState, policy: LimitPolicy, cost: number): Taken {
  if (!fitsIn(advanced, policy, cost))
    return { state: advanced, verdict: verdictOf(advanced, policy, cost, false) };
  const index = advanced.slot % ringSize;
  const counts = advanced.counts.slice();
  counts[index] = (counts[index] ?? 0) + cost;
  const state = {
    at: advanced.at,
    tokens: Math.max(0, advanced.tokens - cost),
    slot: advanced.slot,
    counts,
    total: advanced.total + cost,
  };
  return { state, verdict: verdictOf(state, policy, cost, true) };
}

// Tokens are fractions of time: without it a caller that waited as long as it was told could miss by 1e-12.
const tolerance = 1e-6;

export function verdictOf(
  state: LimitState,
  policy: LimitPolicy,
  cost: number,
  allowed: boolean,
): LimitVerdict {
  const left = Math.min(policy.limit - state.total, state.tokens + tolerance);
  const resetMs = allowed ? untilFull(state, policy) : untilFits(state, policy, cost);
  return { allowed, limit: policy.limit, remaining: Math.max(0, Math.floor(left)), resetMs };
}

/** The one that a caller should go by: a refusal before a pass, the longer wait, the smaller remainder. */
export function strictest(a: LimitVerdict, b: LimitVerdict): LimitVerdict {
  if (a.allowed !== b.allowed) return a.allowed ? b : a;
  if (!a.allowed) return a.resetMs >= b.resetMs ? a : b;
  return a.remaining <= b.remaining ? a : b;
}

function untilFull(state: LimitState, policy: LimitPolicy): number {
  const untilWindow = state.total === 0 ? 0 : (state.slot + ringSize) * slotMs(policy) - state.at;
  return Math.max(untilWindow, untilTokens(state, policy, policy.burst));
}

/** A cost over the limit or the burst never fits; it is told to wait a window, and refused again. */
function untilFits(state: LimitState, policy: LimitPolicy, cost: number): number {
  if (cost > policy.limit || cost > policy.burst) return policy.windowMs;
  let total = state.total;
  let untilWindow = 0;
  for (let age = slotsPerWindow; total + cost > policy.limit && age >= 0; age -= 1) {
    total -= state.counts[(state.slot - age + ringSize) % ringSize] ?? 0;
    untilWindow = (state.slot - age + ringSize) * slotMs(policy) - state.at;
  }
  return Math.max(untilWindow, untilTokens(state, policy, cost));
}

const untilTokens = (state: LimitState, policy: LimitPolicy, wanted: number): number =>
  Math.max(0, ((wanted - state.tokens) * policy.windowMs) / policy.limit);

function reanchored(state: LimitState, policy: LimitPolicy, now: number): LimitState {
  const slot = Math.floor(now / slotMs(policy));
  const counts = new Array<number>(ringSize).fill(0);
  for (let age = 0; age < ringSize; age += 1) {
    counts[(slot - age + ringSize) % ringSize] = state.counts[(state.slot - age + ringSize) % ringSize] ?? 0;
  }
  return { ...state, at: now, slot, counts };
}
