/** Prints the features of labelled XSTest completions, one JSON a line: `npx tsx test/training/refusal-features.ts <shared> llama2orig mistralinstruct > features.jsonl`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { refusalFeatures } from '../../src/kit/refusal.ts';

const [shared, ...systems] = process.argv.slice(2);
for (const system of systems) {
  const lines = gunzipSync(readFileSync(`${shared}/replay/xstest/completions_${system}.jsonl.gz`))
    .toString('utf8')
    .trim()
    .split('\n');
  for (const line of lines) {
    const row = JSON.parse(line);
    const head = { system, id: row.id, label: row.final_label };
    console.log(JSON.stringify({ ...head, cut: false, features: refusalFeatures(row.completion) }));
    // Suites read the first 40 to 48 tokens only: the weights must serve short answers too.
    console.log(JSON.stringify({ ...head, cut: true, features: refusalFeatures(row.completion.trim().slice(0, 220)) }));
  }
}
