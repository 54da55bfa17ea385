/** The whole run but its samples as one JSON value, for programs. */
import type { Report } from '../src/types.ts';

export default {
  id: 'json',
  title: 'Manifest and results as one JSON value',
  makes: 'report.json',
  render: async ({ manifest, results }) => [
    { path: 'report.json', text: `${JSON.stringify({ format: 'plumbline-report/1', manifest, results }, null, 2)}\n` },
  ],
} satisfies Report;
