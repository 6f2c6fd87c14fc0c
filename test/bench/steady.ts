/** Calls by the clock, whether or not earlier calls have ended: a sender that waits for answers hides how late they are. */
export async function steadily(
  everyMs: number,
  goesOn: (turn: number) => boolean,
  send: (turn: number) => Promise<unknown>,
): Promise<void> {
  const open: Promise<unknown>[] = [];
  const started = performance.now();
  for (let turn = 0; goesOn(turn); turn++) {
    const wait = started + turn * everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    open.push(send(turn));
  }
  await Promise.all(open);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
