/** Takes given numbers of bytes from a stream of chunks. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);
  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.source = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; undefined at the end of the stream. */
  async take(size: number): Promise<Buffer | undefined> {
    while (this.rest.length < size) if (!(await this.more())) return undefined;
    const taken = this.rest.subarray(0, size);
    this.rest = this.rest.subarray(size);
    return taken;
  }

  /** So many bytes in whatever pieces they come. */
  async *pass(size: number): AsyncIterable<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.rest.length === 0 && !(await this.more())) throw new RangeError('The answer ends early');
      const piece = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  private async more(): Promise<boolean> {
    const next = await this.source.next();
    if (next.done === true) return false;
    this.rest = this.rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.rest, next.value]);
    return true;
  }
}
