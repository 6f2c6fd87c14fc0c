import { describe, expect, it } from 'vitest';
import { eventsPage } from '../../scripts/docs/events.ts';
import { eventSchemas, eventTypes } from '../../src/domain/events/catalogue.ts';
import { exampleEvents } from '../../src/domain/events/examples.ts';

describe('docs/events.md', () => {
  it('is what the schemas say; `npm run docs` makes it anew', async () => {
    await expect(eventsPage()).toMatchFileSnapshot('../../docs/events.md');
  });

  it.each(eventTypes)('shows an example of %s that fits its schema', (type) => {
    const example = exampleEvents().get(type);
    expect(eventSchemas[type].safeParse(example?.data).error).toBeUndefined();
  });
});
