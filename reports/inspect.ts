/** The run as JSON logs of inspect_ai, one a suite: they open in its viewer. */
import { type Json, type Message, type Report, type ReportFile, type Result, type Run, type Sample, UserError } from '../src/types.ts';

const taskOf = (id: string): string => (id.split('/').at(-1) ?? id).replace(/^(?:lm-eval|inspect|garak|helm)-/, '');
const own = (result: Result) => result.estimates.filter((estimate) => estimate.group === undefined);

function messagesOf({ rounds }: Sample): Message[] {
  const [request, response] = [rounds[0]?.requests[0], rounds[0]?.responses[0]];
  if (!request) return [];
  const asked: Message[] = typeof request.prompt === 'string' ? [{ role: 'user', content: request.prompt }] : [...request.prompt];
  return response?.ok ? [...asked, { role: 'assistant', content: response.text }] : asked;
}

function sampleOf(sample: Sample, result: Result, model: string): Json {
  const { row } = sample;
  const messages = messagesOf(sample);
  const completion = messages.findLast((message) => message.role === 'assistant')?.content ?? '';
  const [, id = row.id, epoch = '1'] = /^(.*)#(\d+)$/.exec(row.id) ?? [];
  const failed = row.outcomes.includes('error');
  // A metric may be named otherwise than the value it is the mean of: what was observed is what a sample has.
  const scores = [...new Set([...own(result).map(({ metric }) => metric), ...Object.keys(row.values)])].flatMap((name) => {
    const value = row.values[name];
    return typeof value === 'number' ? [[name, { value, answer: null, explanation: row.note ?? null, metadata: null }] as const] : [];
  });
  return {
    id,
    epoch: Number(epoch),
    input: messages.filter((message) => message.role === 'user').at(-1)?.content ?? '',
    target: '',
    messages: messages.map(({ role, content }) => ({ role, content, source: role === 'assistant' ? 'generate' : 'input' })),
    output: {
      model,
      choices: [
        {
          message: { role: 'assistant', content: completion || (row.outcomes.includes('empty') ? '' : '(not kept)'), source: 'generate' },
          stop_reason: row.outcomes.includes('truncated') ? 'max_tokens' : 'stop',
        },
      ],
    },
    scores: Object.fromEntries(scores),
    metadata: { outcomes: [...row.outcomes] },
    store: {},
    events: [],
    model_usage: {},
    attachments: {},
    ...(failed ? { error: { message: row.skip ?? 'the answer failed', traceback: '', traceback_ansi: '' } } : {}),
  };
}

function logOf(run: Run, result: Result, samples: readonly Json[]): Json {
  const { manifest } = run;
  const ids = new Set(samples.map((sample) => (sample as { id: string }).id));
  const created = manifest.created.replace(/\.\d+Z$/, '+00:00').replace(/Z$/, '+00:00');
  return {
    version: 2,
    status: result.complete ? 'success' : 'error',
    eval: {
      eval_id: `${manifest.model.hash.slice(0, 16)}-${taskOf(result.suite.id)}`,
      run_id: manifest.model.hash.slice(0, 22),
      created,
      task: taskOf(result.suite.id),
      task_id: taskOf(result.suite.id),
      task_version: Number.isFinite(Number(result.suite.version)) ? Number(result.suite.version) : 0,
      task_attribs: {},
      task_args: {},
      dataset: { name: result.suite.id, samples: ids.size, sample_ids: [...ids], shuffled: false },
      model: manifest.model.name,
      model_args: {},
      config: { epochs: 1 },
      packages: { plumbline: manifest.plumbline },
    },
    plan: { name: 'plan', steps: [], config: {} },
    results: {
      total_samples: result.items + result.missing,
      completed_samples: result.items,
      scores: own(result).map(({ metric, value, interval, n }) => ({
        name: metric,
        scorer: metric,
        params: {},
        metrics: {
          mean: { name: 'mean', value: value ?? 0, params: {} },
          ...(interval ? { stderr: { name: 'stderr', value: (interval.high - interval.low) / (2 * 1.959964), params: {} } } : {}),
        },
        metadata: { n },
      })),
    },
    stats: { started_at: created, completed_at: created, model_usage: {} },
    samples,
  };
}

async function* render(run: Run): AsyncGenerator<ReportFile> {
  if (run.results.length === 0) throw new UserError('the run has no results, so there is no log to make', 'plumbline score <run>');
  const stamp = run.manifest.created.replace(/\.\d+Z$/, '').replace(/:/g, '-');
  for (const result of run.results) {
    const samples: Json[] = [];
    for await (const sample of run.samples(result.suite.id)) samples.push(sampleOf(sample, result, run.manifest.model.name));
    const task = taskOf(result.suite.id);
    yield { path: `inspect/${stamp}_${task.replaceAll('_', '-')}.json`, text: `${JSON.stringify(logOf(run, result, samples), null, 1)}\n` };
  }
}

export default { id: 'inspect', title: 'logs in the form of inspect_ai, one a suite', makes: 'inspect/', render } satisfies Report;
