import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asPosition } from '../../src/domain/position.ts';
import type { Checkpoint, CheckpointStore } from '../../src/projections/ports.ts';

export interface OpenCheckpoints extends CheckpointStore {
  close?(): Promise<void>;
}

export interface CheckpointContract {
  /** The same place opened again holds what was saved there. */
  open: (place: string) => Promise<OpenCheckpoints>;
  /** A fresh, empty place. */
  makePlace: () => Promise<string>;
  /** Whether what was saved outlives the process. */
  lasts: boolean;
  /** Whether several processes open one place at the same time. */
  isShared: boolean;
}

export const checkpointAt = (number: number): Checkpoint => ({
  active: { version: 1, number: 1, done: asPosition(`${number}`) },
});
const at = checkpointAt;

/** Every promise of the checkpoint store's port, by name. */
export function checkpointContract(name: string, contract: CheckpointContract): void {
  describe(`checkpoints: ${name}`, () => {
    let place: string;
    let store: OpenCheckpoints;
    const opened: OpenCheckpoints[] = [];
    const open = async (): Promise<OpenCheckpoints> => {
      const one = await contract.open(place);
      opened.push(one);
      return one;
    };

    beforeEach(async () => {
      place = await contract.makePlace();
      store = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close?.()));
    });

    it('what was saved last under a name is loaded, and only under that name', async () => {
      const pending = { from: asPosition('5'), to: asPosition('9') };
      const whole: Checkpoint = {
        active: { version: 2, number: 3, pending },
        building: { version: 3, number: 4 },
      };
      await store.save('requests', at(1));
      await store.save('requests', whole);
      await store.save('errors', at(2));
      expect(await store.load('requests')).toEqual(whole);
      expect(await store.load('errors')).toEqual(at(2));
      expect(await store.load('logs')).toBeUndefined();
    });

    it('names are listed in order, and what was removed is gone', async () => {
      await Promise.all(['b', 'c', 'a'].map((one) => store.save(one, at(1))));
      expect(await store.list()).toEqual(['a', 'b', 'c']);
      await store.remove('b');
      await store.remove('never there');
      expect(await store.list()).toEqual(['a', 'c']);
      expect(await store.load('b')).toBeUndefined();
      await store.save('b', at(3));
      expect(await store.list()).toEqual(['a', 'b', 'c']);
      expect(await store.load('b')).toEqual(at(3));
    });

    it('of saves at the same time the last one counts', async () => {
      await Promise.all(Array.from({ length: 200 }, (_, i) => store.save(`p${i % 3}`, at(i))));
      expect(await store.load('p0')).toEqual(at(198));
      expect(await store.load('p1')).toEqual(at(199));
    });

    it('what is changed after it was loaded or saved does not change what is kept', async () => {
      const checkpoint = at(1);
      await store.save('a', checkpoint);
      checkpoint.active.number = 99;
      const loaded = await store.load('a');
      if (loaded !== undefined) loaded.active.number = 98;
      expect(await store.load('a')).toEqual(at(1));
    });

    it.skipIf(!contract.lasts)('checkpoints are there after closing and opening again', async () => {
      await store.save('a', at(7));
      await store.close?.();
      opened.splice(0);
      store = await open();
      expect(await store.load('a')).toEqual(at(7));
      await store.save('a', at(8));
      expect(await store.load('a')).toEqual(at(8));
    });

    describe.skipIf(!contract.isShared)('between processes', () => {
      it('whoever saves first goes on, and the other one is told that it was taken', async () => {
        const other = await open();
        await store.save('a', at(1));
        expect(await other.load('a')).toEqual(at(1));
        await other.save('a', at(2));
        await expect(store.save('a', at(3))).rejects.toMatchObject({ name: 'CheckpointTakenError' });
        expect(await other.load('a')).toEqual(at(2));
        await other.save('a', at(4));
      });

      it('who was told stays out until it has loaded afresh', async () => {
        const other = await open();
        await store.save('a', at(1));
        await other.load('a');
        await other.save('a', at(2));
        const taken = { name: 'CheckpointTakenError' };
        await expect(store.save('a', at(3))).rejects.toMatchObject(taken);
        await expect(store.save('a', at(4))).rejects.toMatchObject(taken);
        expect(await store.load('a')).toEqual(at(2));
        await store.save('a', at(5));
        await expect(other.save('a', at(6))).rejects.toMatchObject(taken);
      });

      it('of two that begin at the same time one has it', async () => {
        const other = await open();
        const outcomes = await Promise.allSettled([store.save('a', at(1)), other.save('a', at(2))]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      });

      it('one that never loaded does not write over what another has saved', async () => {
        await store.save('a', at(1));
        const other = await open();
        await expect(other.save('a', at(2))).rejects.toMatchObject({ name: 'CheckpointTakenError' });
        expect(await store.load('a')).toEqual(at(1));
      });

      it('names that others have saved are listed too', async () => {
        const other = await open();
        await store.save('a', at(1));
        await other.save('b', at(1));
        expect(await store.list()).toEqual(['a', 'b']);
      });
    });
  });
}
