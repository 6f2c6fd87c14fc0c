/** First bytes together, then second bytes …, each less its neighbour: ids of one source nearly vanish so. */
export function toPlanes(ids: Uint8Array, count: number): Uint8Array {
  const planes = new Uint8Array(count * 16);
  for (let plane = 0; plane < 16; plane++) {
    let before = 0;
    for (let i = 0; i < count; i++) {
      const byte = ids[i * 16 + plane] as number;
      planes[plane * count + i] = byte - before;
      before = byte;
    }
  }
  return planes;
}

export function fromPlanes(planes: Uint8Array, count: number): Uint8Array {
  const ids = new Uint8Array(count * 16);
  for (let plane = 0; plane < 16; plane++) {
    let value = 0;
    for (let i = 0; i < count; i++) {
      value = (value + (planes[plane * count + i] as number)) & 0xff;
      ids[i * 16 + plane] = value;
    }
  }
  return ids;
}
