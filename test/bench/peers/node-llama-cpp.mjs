// node-llama-cpp's side: arguments model, work file, threads. Copied to the folder where it is installed.
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { cpuMs, mappedBytes, print, sinceStart } from './took.mjs';

const [model, file, threads] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, 'utf8'));
const started = performance.now();
const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error, maxThreads: Number(threads) });
const loaded = await llama.loadModel({ modelPath: model });
const begin = loaded.tokens.shouldPrependBosToken && loaded.tokens.bos != null ? [loaded.tokens.bos] : [];
const encode = (text) => [...begin, ...loaded.tokenize(text)];
// A context no larger than the work needs: its memory counts.
const lists =
  work.kind === 'options'
    ? work.items.map(({ context: text, options }) => [...encode(text), ...options.flatMap((option) => loaded.tokenize(option))])
    : (work.prompts ?? work.texts ?? [work.context + work.option]).map(encode);
const longest = Math.max(...lists.map((list) => list.length)) + (work.maxTokens ?? 0);
const rows = work.kind === 'generate' ? Math.min(work.rows, lists.length) : 1;
const contextSize = 64 * Math.ceil((longest + 8) / 64);
const batchSize = Math.min(2048, Math.max(512, rows));
const context = await loaded.createContext({ sequences: rows, contextSize, batchSize, threads: Number(threads) });
const loadMs = performance.now() - started;
const begun = performance.now();
const cpuBegun = process.cpuUsage();
const answers = [];
let tokens = 0;

// Evaluation only, no scores returned: every option's tokens after the context's, in one sequence, as many tokens as we compute.
async function evaluate(sequence) {
  for (const list of lists) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(list);
    tokens += list.length;
  }
}

async function generate(sequence, queue) {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [i, ids] = next;
    await sequence.clearHistory();
    const made = [];
    for await (const token of sequence.evaluate(ids, { temperature: work.temperature, seed: i })) {
      if (loaded.isEogToken(token)) break;
      made.push(token);
      if (made.length >= work.maxTokens) break;
    }
    tokens += made.length;
    answers[i] = loaded.detokenize(made);
  }
}

if (work.kind === 'generate') {
  const queue = lists.map((ids, i) => [i, ids]);
  await Promise.all(Array.from({ length: rows }, () => generate(context.getSequence(), queue)));
} else if (work.kind === 'options') {
  // What all items begin with is evaluated once: the sequence keeps it.
  const sequence = context.getSequence();
  let common = lists[0].length;
  for (const list of lists) {
    let i = 0;
    while (i < common && list[i] === lists[0][i]) i++;
    common = i;
  }
  if (common < 64 || lists.length < 2) await evaluate(sequence);
  else {
    await sequence.evaluateWithoutGeneratingNewTokens(lists[0].slice(0, common));
    for (const list of lists) {
      await sequence.eraseContextTokenRanges([{ start: common, end: sequence.nextTokenIndex }]);
      await sequence.evaluateWithoutGeneratingNewTokens(list.slice(common));
      tokens += list.length - common;
    }
  }
} else await evaluate(context.getSequence());

const ms = performance.now() - begun;
print({
  loadMs,
  firstMs: sinceStart(),
  ms,
  cpuMs: cpuMs(cpuBegun),
  count: lists.length,
  tokens,
  peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  mappedBytes: mappedBytes(),
  answers,
});
process.exit(0);
