import type { Database } from 'lmdb';
import { Environment } from './environment.ts';

export interface Tables {
  /** First position → events. */
  blocks: Database<Buffer, number>;
  /** First position → the block's head, so that opening need not touch the blocks. */
  directory: Database<Buffer, number>;
  /** First position → which streams may be in the block. */
  blooms: Database<Buffer, number>;
  /** First and last position of some blocks → their filters, of blocks that are no longer merged. */
  filterGroups: Database<Buffer, [number, number]>;
  /** Stream and revision → position, for the streams that decide. */
  revisions: Database<Buffer, [string, number]>;
  /** Stream → its last revision, for the streams that decide. */
  heads: Database<Buffer, string>;
  /** Ids of the last events, in order. */
  recentIds: Database<Buffer, number>;
  /** Segment and bucket → ids. */
  ids: Database<Buffer, [number, number]>;
  idFilters: Database<Buffer, number>;
  idSegments: Database<Buffer, number>;
  meta: Database<Buffer, string>;
}

/** The log's environment with its tables. */
export class Store extends Environment {
  tables: Tables;

  constructor(folder: string, mappedBytes?: number) {
    super(folder, mappedBytes);
    this.tables = this.allTables();
  }

  protected override openTables(): void {
    this.tables = this.allTables();
  }

  private allTables(): Tables {
    return {
      blocks: this.table('blocks'),
      directory: this.table('directory'),
      blooms: this.table('blooms'),
      filterGroups: this.table('filterGroups'),
      revisions: this.table('revisions'),
      heads: this.table('heads'),
      recentIds: this.table('recentIds'),
      ids: this.table('ids'),
      idFilters: this.table('idFilters'),
      idSegments: this.table('idSegments'),
      meta: this.table('meta'),
    };
  }

  write(change: (tables: Tables) => unknown): Promise<void> {
    return this.commit(() => {
      change(this.tables);
    });
  }
}
