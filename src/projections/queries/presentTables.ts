import type { StoreLayout } from '../../domain/storeLayout.ts';
import { tableName } from '../generations.ts';
import { tablesOf } from '../projection.ts';
import type { Standings } from '../standings.ts';
import type { TableNamer } from '../table.ts';

/** Names tables by the generation that readers see at the moment of asking. */
export function presentTables(runner: Pick<Standings, 'tracked'>, layout: StoreLayout): TableNamer {
  return (table) => {
    const owner = runner.tracked.find(({ projection }) =>
      tablesOf(projection).some(({ name }) => name === table),
    );
    if (owner === undefined) throw new Error(`no projection has a table ${table}`);
    return tableName(layout, owner.checkpoint.active, table);
  };
}
