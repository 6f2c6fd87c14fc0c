import { describe, expect, it } from 'vitest';
import type { SnapshotStore } from '../../src/projections/alerts/ports.ts';

export interface SnapshotContract {
  /** Opened again at the same place, it holds what was saved there. */
  open: (place: string) => Promise<SnapshotStore> | SnapshotStore;
  makePlace: () => Promise<string>;
}

const text = JSON.stringify({ position: '1', état: 'ça va — 🙂'.repeat(5_000) });

/** What every store of snapshots promises, wherever it keeps them. */
export function snapshotContract(name: string, { open, makePlace }: SnapshotContract): void {
  describe(`snapshots: ${name}`, () => {
    it('there is none before the first', async () => {
      expect(await (await open(await makePlace())).load()).toBeUndefined();
    });

    it('what was saved last is given back, also when it is opened again', async () => {
      const place = await makePlace();
      const store = await open(place);
      await store.save('older');
      await store.save(text);
      expect(await store.load()).toBe(text);
      expect(await (await open(place)).load()).toBe(text);
    });

    it('many of them leave the newest', async () => {
      const store = await open(await makePlace());
      for (let number = 0; number < 100; number++) await store.save(`snapshot ${number}`);
      expect(await store.load()).toBe('snapshot 99');
    });

    it('one of several megabytes comes back as it was', async () => {
      const store = await open(await makePlace());
      // Nothing that packs well: random digits.
      let seed = 7;
      const noise = Array.from({ length: 3_000_000 }, () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return String.fromCharCode(33 + (seed % 90));
      }).join('');
      await store.save(noise);
      expect((await store.load()) === noise).toBe(true);
    });
  });
}
