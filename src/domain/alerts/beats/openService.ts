import type { RecordedEvent } from '../../events/envelope.ts';
import { SeriesList, type SeriesPartial, type SeriesReader } from '../measures/seriesReader.ts';
import type { ReadFault } from '../processor/faults.ts';
import { Around } from './around.ts';
import type { ServicePartial } from './partial.ts';

/** How the series of one watch are found, and where it has its place among all watches. */
export interface WatchReader {
  key: string;
  reader: SeriesReader;
}

/** What has been read of a service since the last slice. */
export class OpenService {
  readonly #service: string;
  readonly #around: Around;
  readonly #lists = new Map<string, SeriesList>();
  #newest: number;
  #heardAt: number;

  constructor(service: string, readFault: ReadFault, saved?: ServicePartial) {
    this.#service = service;
    this.#around = new Around(readFault, saved?.around);
    this.#newest = saved?.newest ?? Number.NEGATIVE_INFINITY;
    this.#heardAt = saved?.heardAt ?? Number.NEGATIVE_INFINITY;
    for (const [watch, series] of saved?.series ?? [])
      this.#lists.set(watch, new SeriesList(structuredClone(series)));
  }

  /** Gives the earliest step that something new has been told of; infinite when there is none. */
  read(event: RecordedEvent, time: number, watches: readonly WatchReader[]): number {
    this.#heardAt = event.recordedAt;
    if (time > this.#newest) this.#newest = time;
    this.#around.read(event, time);
    let earliest = Number.POSITIVE_INFINITY;
    for (const { key, reader } of watches) {
      if (!reader.hears(event)) continue;
      let list = this.#lists.get(key);
      if (list === undefined) {
        list = new SeriesList();
        this.#lists.set(key, list);
      }
      const fresh = reader.read(event, time, list);
      if (fresh !== undefined && fresh.step < earliest) earliest = fresh.step;
    }
    return earliest;
  }

  partial(): ServicePartial {
    const series = [...this.#lists].map(([watch, { all }]): [string, SeriesPartial[]] => [watch, all]);
    return {
      service: this.#service,
      newest: this.#newest,
      heardAt: this.#heardAt,
      series,
      around: this.#around.partial(),
    };
  }
}
