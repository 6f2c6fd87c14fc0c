import type { RecordedEvent } from '../../domain/events/envelope.ts';
import type { ExpectedRevision } from '../../projections/ports.ts';

interface Entry {
  revision: number;
  event: RecordedEvent;
}

/**
 * A stream counts its revisions from 0. One that was ever appended to with an expected revision goes on counting
 * past what was forgotten; one of telemetry alone is counted among what can still be read.
 */
export class MemoryStream {
  private entries: Entry[] = [];
  private decides = false;
  private last = -1;

  get revision(): number | 'none' {
    return this.last < 0 ? 'none' : this.last;
  }

  add(event: RecordedEvent, expected: ExpectedRevision): void {
    if (expected !== 'any') this.decides = true;
    this.entries.push({ revision: ++this.last, event });
  }

  from(revision: number): RecordedEvent[] {
    return this.entries.filter((entry) => entry.revision >= revision).map((entry) => entry.event);
  }

  forget(forgotten: ReadonlySet<RecordedEvent>): void {
    this.entries = this.entries.filter(({ event }) => !forgotten.has(event));
    if (this.decides) return;
    this.entries = this.entries.map(({ event }, revision) => ({ revision, event }));
    this.last = this.entries.length - 1;
  }
}
