/** Where an event stands in a log. Opaque: only the adapter that made it can compare two. */
export type Position = string & { readonly __position: unique symbol };

/** For adapters and for positions that come back from clients; nobody else makes one. */
export const asPosition = (text: string): Position => text as Position;
