import { expect, test } from 'vitest';
import { errorsPage } from '../../scripts/docs/errors.ts';

test('docs/errors.md has every code; `npm run docs` makes it anew', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md');
});
