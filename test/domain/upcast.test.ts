import { describe, expect, it } from 'vitest';
import { eventTypes } from '../../src/domain/events/catalogue.ts';
import { planUpcast, UnknownEventError, upcastTable } from '../../src/domain/events/upcast.ts';

const table = {
  current: { Measured: 3, Named: 1 },
  lift: {
    Measured: {
      1: (data: unknown) => ({ ...(data as object), unit: 'ms' }),
      2: (data: unknown) => ({ ...(data as object), value: (data as { value: number }).value * 1000 }),
    },
  },
};

describe('upcasting', () => {
  it('goes through every version up to the newest, in order', () => {
    const plan = planUpcast(table, 'Measured', 1);
    expect(plan.version).toBe(3);
    expect(plan.lift?.({ value: 2 })).toEqual({ value: 2000, unit: 'ms' });
    expect(planUpcast(table, 'Measured', 2).lift?.({ value: 2 })).toEqual({ value: 2000 });
  });

  it('leaves the newest version alone', () => {
    expect(planUpcast(table, 'Measured', 3)).toEqual({ version: 3, lift: undefined });
  });

  it('names the type and version of what a newer engine wrote', () => {
    expect(() => planUpcast(table, 'Measured', 4)).toThrow(UnknownEventError);
    expect(() => planUpcast(table, 'Measured', 4)).toThrow(/Measured of version 4.*known here is 3/);
    expect(() => planUpcast(table, 'toString', 1)).toThrow(/toString of version 1.*type is unknown/);
  });

  it('says which step is missing', () => {
    const broken = { current: { Named: 3 }, lift: { Named: { 2: (data: unknown) => data } } };
    expect(() => planUpcast(broken, 'Named', 1)).toThrow('from version 1 of Named to version 2');
  });

  it.each(eventTypes)('every version of %s that was ever stored can be lifted', (type) => {
    const newest = upcastTable.current[type] ?? 0;
    expect(newest).toBeGreaterThan(0);
    for (let version = 1; version <= newest; version++) {
      expect(planUpcast(upcastTable, type, version).version).toBe(newest);
    }
  });
});
