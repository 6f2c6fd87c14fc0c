const MOST_BOOKMARKS = 10_000;

interface Bookmark {
  time: number;
  position: bigint;
}

/** Where in the log some times are: the server has no index for that. */
export class Bookmarks {
  /** By position, and so by time, but for what a clock that was set back makes of it. */
  private marks: Bookmark[] = [];

  add(time: number, position: bigint): void {
    const at = this.marks.findIndex((mark) => mark.position >= position);
    if (at < 0) this.marks.push({ time, position });
    else if (this.marks[at]?.position !== position) this.marks.splice(at, 0, { time, position });
    if (this.marks.length > MOST_BOOKMARKS) this.marks = this.marks.filter((_, i) => i % 2 === 0);
  }

  /** The last place that is before `time`, and so is all that lies before it. */
  before(time: number): bigint | undefined {
    return this.marks.findLast((mark) => mark.time < time)?.position;
  }

  /** The first place that is at or behind `time`, and so is all that lies behind it. */
  atOrBehind(time: number): bigint | undefined {
    return this.marks.find((mark) => mark.time >= time)?.position;
  }
}
