/** Reads every record of one benchmark file through its reader and prints how many there were and the most memory held. Arguments: cache, kind, file. */
import { dataIn } from '../../src/data.ts';
import { csvRows, jsonElements, jsonLines } from '../../src/kit/official/records.ts';

const [cache = '', kind = '', file = ''] = process.argv.slice(2);
const readers = { jsonl: jsonLines, csv: csvRows, json: jsonElements };
const read = readers[kind as keyof typeof readers] as typeof jsonLines;
let records = 0;
for await (const { record } of read<Record<string, unknown>>(dataIn(cache), 'made', file, ['id', 'text']))
  if (record.id !== undefined) records++;
process.stdout.write(`${JSON.stringify({ records, maxRss: process.resourceUsage().maxRSS * 1024 })}\n`);
