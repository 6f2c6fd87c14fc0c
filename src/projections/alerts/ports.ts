/** Where a follower of the log keeps what it has worked out, so that a restart need not read the log anew. */
export interface SnapshotStore {
  /** The newest text that was saved whole; undefined when there is none. */
  load(): Promise<string | undefined>;
  /** Resolves when it is on disk; the one before stays until then. */
  save(text: string): Promise<void>;
}
