import { beforeEach, describe, expect, it } from 'vitest';
import type { Leases } from '../../src/projections/ports.ts';

export interface LeaseContract {
  /** As one process has them, by its own clock. */
  open: (place: string, holder: string, clock: () => number) => Promise<Leases>;
  makePlace: () => Promise<string>;
  /** Whether there are others to hold a lease against. */
  isShared: boolean;
}

const second = 1_000;

/** Every promise of the leases' port, by name. */
export function leaseContract(name: string, { open, makePlace, isShared }: LeaseContract): void {
  describe(`leases: ${name}`, () => {
    let place: string;
    let now: number;
    let one: Leases;
    let two: Leases;
    beforeEach(async () => {
      place = await makePlace();
      now = 1_760_000_000_000;
      one = await open(place, 'one', () => now);
      two = await open(place, 'two', () => now);
    });

    it('a lease that nobody holds is taken, renewed and given back', async () => {
      expect(await one.hold('relay', 10 * second)).toBe(true);
      now += 9 * second;
      expect(await one.hold('relay', 10 * second)).toBe(true);
      await one.release('relay');
      expect(await one.hold('relay', 10 * second)).toBe(true);
    });

    it('what is not held is released without a word', async () => {
      await one.release('never held');
    });

    describe.skipIf(!isShared)('between processes', () => {
      it('while one holds it no other does, and each name is for itself', async () => {
        expect(await one.hold('relay', 10 * second)).toBe(true);
        expect(await two.hold('relay', 10 * second)).toBe(false);
        expect(await two.hold('outbox', 10 * second)).toBe(true);
      });

      it('of two that ask at the same time one has it', async () => {
        const held = await Promise.all([one.hold('relay', second), two.hold('relay', second)]);
        expect(held.sort()).toEqual([false, true]);
      });

      it('one that is not renewed passes over when its time has run out', async () => {
        await one.hold('relay', 10 * second);
        now += 10 * second + 1;
        expect(await two.hold('relay', 10 * second)).toBe(true);
        expect(await one.hold('relay', 10 * second)).toBe(false);
      });

      it('one of a holder whose clock is ahead passes over as soon, and not before', async () => {
        const early = await open(place, 'early', () => now + 3_600 * second);
        for (let i = 0; i < 3; i++) {
          expect(await early.hold('relay', 10 * second)).toBe(true);
          now += 8 * second;
          expect(await one.hold('relay', 10 * second)).toBe(false);
        }
        now += 9 * second;
        expect(await one.hold('relay', 10 * second)).toBe(false);
        now += 1 * second;
        expect(await one.hold('relay', 10 * second)).toBe(true);
      });

      it('one that is renewed stays where it is', async () => {
        await one.hold('relay', 10 * second);
        for (let i = 0; i < 5; i++) {
          now += 8 * second;
          expect(await one.hold('relay', 10 * second)).toBe(true);
          expect(await two.hold('relay', 10 * second)).toBe(false);
        }
      });

      it('one that is given back passes over at once', async () => {
        await one.hold('relay', 10 * second);
        await one.release('relay');
        expect(await two.hold('relay', 10 * second)).toBe(true);
      });

      it('a late release takes nothing from the next holder', async () => {
        await one.hold('relay', 10 * second);
        now += 11 * second;
        await two.hold('relay', 10 * second);
        await one.release('relay');
        expect(await one.hold('relay', 10 * second)).toBe(false);
        expect(await two.hold('relay', 10 * second)).toBe(true);
      });
    });
  });
}
