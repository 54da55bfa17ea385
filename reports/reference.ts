/** A run as an entry of `reference.json`, the results that "is that good?" compares with. */
import { referenceRunOf } from '../src/kit/page-reference.ts';
import type { Report } from '../src/types.ts';

export default {
  id: 'reference',
  title: 'Entry for the reference results',
  makes: 'reference.json',
  render: async (run) => [{ path: 'reference.json', text: `${JSON.stringify({ runs: [referenceRunOf(run)], published: [] }, null, 1)}\n` }],
} satisfies Report;
