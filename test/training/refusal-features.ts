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
    console.log(JSON.stringify({ system, id: row.id, label: row.final_label, features: refusalFeatures(row.completion) }));
  }
}
