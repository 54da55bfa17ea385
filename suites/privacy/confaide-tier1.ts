import { ratingsIn } from '../../src/kit/official/confaide.ts';
import { type Rating, ratingSuite } from '../../src/kit/official/rating-suite.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Rating[]> {
  return ratingsIn(data, 'tier_1.txt', 'tier_1_labels.txt');
}

export default ratingSuite(
  {
    id: 'privacy/confaide-tier1',
    title: 'ConfAIde, tier 1',
    about: 'Ratings of how sensitive ten kinds of information are. Counted: the correlation with people’s ratings.',
    limits:
      'People’s ratings are means over U.S. crowd workers. The paper takes the mean of ten sampled ratings; here the expected rating under the log-probabilities of the allowed ones, which is its limit. Ten items: the interval is wide whatever the model.',
    source: 'Mireshghallah et al. 2023, ConfAIde, ICLR 2024, arXiv:2310.17884; skywalker023/confAIde',
    licence: 'MIT',
  },
  { items, scale: [1, 2, 3, 4] },
);
