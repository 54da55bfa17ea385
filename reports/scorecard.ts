/** The scorecard: one HTML file that opens from a folder, with nothing fetched. */
import { scorecardPrinter } from '../src/kit/page-scorecard.ts';
import type { Report } from '../src/types.ts';

export default {
  id: 'scorecard',
  title: 'Scorecard for people',
  makes: 'scorecard.html',
  render: async (run, options) => [{ path: 'scorecard.html', text: await scorecardPrinter(import.meta.url)(run, options) }],
} satisfies Report;
