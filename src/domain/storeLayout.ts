/** Where a store keeps the read models, and on how many machines. */
export interface StoreLayout {
  /** Holds the views of fixed names, which readers see. */
  database: string;
  /** Holds the tables behind them. */
  storeDatabase: string;
  /** Tables are made on every node of it, with replicas, and read from all its shards; without it, on one machine. */
  cluster?: string;
  /** Who has made the views and reads through them; told where others than the program itself may read. */
  definer?: string;
  /** So many inserts each table knows again by their tokens. */
  rememberedInserts: number;
}

export interface LayoutChoice {
  database: string;
  cluster?: string | undefined;
  definer?: string | undefined;
}

/** One process inserts, and repeats at most the batch that was cut off. */
const rememberedEmbedded = 1_000;
/** Several processes insert into the same table while one of them, or its successor, comes to its repetition. */
const rememberedOnServers = 50_000;

/** The engine inside this process. */
export const embeddedLayout: StoreLayout = {
  database: 'chronoscope',
  storeDatabase: 'chronoscope_store',
  rememberedInserts: rememberedEmbedded,
};

/** Each database has tables of its own beside it, so that two sets of read models can stand on one server. */
export const serverLayout = ({ database, cluster, definer }: LayoutChoice): StoreLayout => ({
  database,
  storeDatabase: `${database}_store`,
  ...(cluster !== undefined && { cluster }),
  ...(definer !== undefined && { definer }),
  rememberedInserts: rememberedOnServers,
});

/** What a store's address may call a database; such a name needs no quotes anywhere. */
export const isDatabaseName = (text: string): boolean => /^[A-Za-z_]\w{0,100}$/.test(text);
