import { type JudgedRun, verdictOf } from '../src/kit/verdict.ts';
import { verdictAnnotations, verdictMarkdown } from '../src/kit/verdict-text.ts';
import type { Report } from '../src/types.ts';

export default {
  id: 'github',
  title: 'A gate’s verdict (or the run’s own checks) as a GitHub step summary and workflow annotations',
  makes: 'summary.md, annotations.txt',
  render: async (run: JudgedRun) => {
    const verdict = verdictOf(run);
    return [
      { path: 'summary.md', text: verdictMarkdown(verdict) },
      { path: 'annotations.txt', text: verdictAnnotations(verdict) },
    ];
  },
} satisfies Report;
