// transformers.js' side: arguments export folder, work file, threads. Copied to the folder where it is installed.
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, env, Tensor } from '@huggingface/transformers';
import { best, cpuMs, logprobOf, mappedBytes, mean, print, sinceStart } from './took.mjs';

const [folder, file, threads] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, 'utf8'));
env.allowRemoteModels = false;
env.localModelPath = `${dirname(folder)}/`;
const started = performance.now();
const tokenizer = await AutoTokenizer.from_pretrained(basename(folder));
const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
  device: 'cpu',
  dtype: 'fp32',
  session_options: { intraOpNumThreads: Number(threads) },
});
const loadMs = performance.now() - started;
const pad = Number(tokenizer.pad_token_id ?? tokenizer.eos_token_id ?? 0);
const encode = (text) => tokenizer.encode(text);
const begun = performance.now();
const cpuBegun = process.cpuUsage();
const answers = [];
let tokens = 0;

const int64 = (rows, size) => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, size]);

/** Rows padded on the right: log-probabilities of row b's tokens from `from[b]` on. */
async function logprobs(rows, from) {
  const size = Math.max(...rows.map((row) => row.length));
  const padded = rows.map((row) => [...row, ...new Array(size - row.length).fill(pad)]);
  const mask = rows.map((row) => [...new Array(row.length).fill(1), ...new Array(size - row.length).fill(0)]);
  const { logits } = await model({ input_ids: int64(padded, size), attention_mask: int64(mask, size) });
  const width = logits.dims[2];
  return rows.map((row, b) =>
    row.slice(from[b]).map((target, i) => {
      const at = (b * size + from[b] + i - 1) * width;
      return logprobOf(logits.data.subarray(at, at + width), target);
    }),
  );
}
const sum = (values) => values.reduce((a, b) => a + b, 0);

if (work.kind === 'options' || work.kind === 'first') {
  const items = work.items ?? [{ context: work.context, options: [work.option] }];
  for (const { context, options } of items) {
    const start = encode(context).length;
    const rows = options.map((option) => encode(context + option));
    const scores = await logprobs(
      rows,
      rows.map(() => start),
    );
    answers.push(best(scores.map(sum)));
  }
} else if (work.kind === 'trace')
  for (const text of work.texts) {
    const [values] = await logprobs([encode(text)], [1]);
    answers.push(mean(values));
  }
else {
  for (let from = 0; from < work.prompts.length; from += work.rows) {
    tokenizer.padding_side = 'left';
    const inputs = tokenizer(work.prompts.slice(from, from + work.rows), { padding: true });
    const settings = work.temperature > 0 ? { do_sample: true, temperature: work.temperature, top_k: 0 } : { do_sample: false };
    const out = await model.generate({ ...inputs, ...settings, max_new_tokens: work.maxTokens });
    const [count, length] = out.dims;
    const prompt = inputs.input_ids.dims[1];
    for (let b = 0; b < count; b++) {
      const made = Array.from(out.data.slice(b * length + prompt, (b + 1) * length), Number);
      const end = made.findIndex((id, i) => i > 0 && id === pad);
      tokens += end < 0 ? made.length : end;
      answers.push(tokenizer.decode(made, { skip_special_tokens: true }));
    }
  }
}
print({
  loadMs,
  firstMs: sinceStart(),
  ms: performance.now() - begun,
  cpuMs: cpuMs(cpuBegun),
  count: (work.items ?? work.prompts ?? work.texts ?? [0]).length,
  tokens,
  peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  mappedBytes: mappedBytes(),
  answers,
});
process.exit(0);
