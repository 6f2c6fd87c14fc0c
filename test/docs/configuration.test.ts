import { expect, test } from 'vitest';
import { configurationPage } from '../../scripts/docs/configuration.ts';

test('docs/configuration.md has every variable; `npm run docs` makes it anew', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md');
});
