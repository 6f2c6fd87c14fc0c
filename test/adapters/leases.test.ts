import { soleLeases } from '../../src/adapters/memory/leases.ts';
import { leaseContract } from '../contracts/leases.ts';

leaseContract('a process that is alone', {
  open: async () => soleLeases,
  makePlace: async () => '',
  isShared: false,
});
