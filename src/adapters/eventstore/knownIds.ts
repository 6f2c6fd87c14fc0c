/** Enough for what senders repeat within minutes; the ids take some tens of megabytes. */
const MOST_IDS = 200_000;

/** What this process knows of ids: those that it has appended, and those that it is about to. */
export class KnownIds {
  /** In two halves, so that forgetting the oldest costs nothing. */
  private young = new Set<string>();
  private old = new Set<string>();
  private doubtful = new Set<string>();
  private readonly underWay = new Map<string, Promise<unknown>>();

  has(id: string): boolean {
    return this.young.has(id) || this.old.has(id);
  }

  add(ids: Iterable<string>): void {
    for (const id of ids) {
      this.young.add(id);
      this.doubtful.delete(id);
    }
    if (this.young.size < MOST_IDS / 2) return;
    this.old = this.young;
    this.young = new Set();
  }

  /** Whether they got there is not known: an append that comes with one of them again looks first. */
  doubt(ids: Iterable<string>): void {
    if (this.doubtful.size > MOST_IDS / 2) this.doubtful = new Set();
    for (const id of ids) this.doubtful.add(id);
  }

  isDoubtful(id: string): boolean {
    return this.doubtful.has(id);
  }

  /** Holds others with the same ids back until `work` has ended, so that one of them appends and the others know. */
  async alone<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    for (let other = this.otherWith(ids); other !== undefined; other = this.otherWith(ids)) await other;
    let done: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    for (const id of ids) this.underWay.set(id, ended);
    try {
      return await work();
    } finally {
      for (const id of ids) this.underWay.delete(id);
      done();
    }
  }

  private otherWith(ids: readonly string[]): Promise<unknown> | undefined {
    for (const id of ids) {
      const other = this.underWay.get(id);
      if (other !== undefined) return other;
    }
    return undefined;
  }
}
