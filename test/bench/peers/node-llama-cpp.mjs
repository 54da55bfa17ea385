// node-llama-cpp's side: arguments model, work file, threads. Run in the folder where it is installed.
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

const [model, file, threads] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, 'utf8'));
const started = performance.now();
const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error, maxThreads: Number(threads) });
const loaded = await llama.loadModel({ modelPath: model });
const rows = work.kind === 'generate' ? work.rows : 1;
const context = await loaded.createContext({ sequences: rows, contextSize: 2048, batchSize: 512 * rows, threads: Number(threads) });
const loadMs = performance.now() - started;
const begin = loaded.tokens.shouldPrependBosToken && loaded.tokens.bos != null ? [loaded.tokens.bos] : [];
const encode = (text) => [...begin, ...loaded.tokenize(text)];
const begun = performance.now();
const cpuBegun = process.cpuUsage();
const answers = [];
let tokens = 0;

// Evaluation only, no scores returned: every option's tokens after the context's, in one sequence, as many tokens as we compute.
async function evaluate(sequence, lists) {
  for (const list of lists) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(list);
    tokens += list.length;
  }
}

if (work.kind === 'generate') {
  const queue = work.prompts.map((prompt, i) => [i, encode(prompt)]);
  const work1 = async (sequence) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, ids] = next;
      await sequence.clearHistory();
      const made = [];
      for await (const token of sequence.evaluate(ids, { temperature: 0 })) {
        if (loaded.isEogToken(token)) break;
        made.push(token);
        if (made.length >= work.maxTokens) break;
      }
      tokens += made.length;
      answers[i] = loaded.detokenize(made);
    }
  };
  await Promise.all(Array.from({ length: rows }, () => work1(context.getSequence())));
} else if (work.kind === 'options') {
  // What all items begin with is evaluated once: the sequence keeps it.
  const lists = work.items.map(({ context: text, options }) => [...encode(text), ...options.flatMap((option) => loaded.tokenize(option))]);
  const sequence = context.getSequence();
  let common = lists[0].length;
  for (const list of lists) {
    let i = 0;
    while (i < common && list[i] === lists[0][i]) i++;
    common = i;
  }
  if (common < 64 || lists.length < 2) await evaluate(sequence, lists);
  else {
    await sequence.evaluateWithoutGeneratingNewTokens(lists[0].slice(0, common));
    for (const list of lists) {
      await sequence.eraseContextTokenRanges([{ start: common, end: sequence.nextTokenIndex }]);
      await sequence.evaluateWithoutGeneratingNewTokens(list.slice(common));
      tokens += list.length - common;
    }
  }
} else if (work.kind === 'first') await evaluate(context.getSequence(), [encode(work.context + work.option)]);
else await evaluate(context.getSequence(), work.texts.map(encode));

const ms = performance.now() - begun;
const { user, system } = process.cpuUsage(cpuBegun);
const cpuMs = (user + system) / 1000;
const count = (work.items ?? work.prompts ?? work.texts ?? [0]).length;
process.stdout.write(
  `${JSON.stringify({ loadMs, ms, cpuMs, count, tokens, peakMemoryBytes: process.resourceUsage().maxRSS * 1024, answers })}\n`,
);
process.exit(0);
