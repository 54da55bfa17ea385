import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { identityHash, keyOf } from '../src/kit/key.ts';
import { KeyTable, type Place } from '../src/kit/key-table.ts';
import { type Manifest, type Response, type RunnerModule, UserError } from '../src/types.ts';

const chunkBytes = 1 << 20;
const head = /^\{"key":"([0-9a-f]{32})","response":\{"ok":(true|false)/;

/** Where each answer of a recording stands. A torn last line and what is no answer are left out. */
function placesIn(file: number): KeyTable {
  const places = new KeyTable();
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let held = Buffer.alloc(0);
  let at = 0;
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    const bytes = Buffer.concat([held, chunk.subarray(0, read)]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) {
      const [, key, ok] = head.exec(bytes.toString('latin1', start, Math.min(end, start + 80))) ?? [];
      if (key !== undefined) places.set(key, at + start, end - start, ok === 'false');
    }
    held = bytes.subarray(start);
    at += start;
  }
  return places;
}

/** Reads answers by place; those in the order of the file many at a time. */
function readerOf(file: number): (place: Place) => Response {
  let [from, next] = [0, -1];
  let bytes = Buffer.alloc(0);
  return ({ at, length }) => {
    if (at < from || at + length > from + bytes.length) {
      bytes = Buffer.allocUnsafe(at === next ? Math.max(length, 1 << 16) : length);
      bytes = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, at));
      from = at;
    }
    next = at + length + 1;
    return (JSON.parse(bytes.toString('utf8', at - from, at - from + length)) as { response: Response }).response;
  };
}

export default {
  scheme: 'replay',
  title: 'The answers of an earlier run, without its model',
  usage: 'replay:<run folder>',
  async open(folder) {
    if (!existsSync(join(folder, 'run.json')))
      throw new UserError(`replay:${folder}: there is no run.json`, 'name a run folder that plumbline wrote');
    const manifest = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Manifest;
    const file = openSync(join(folder, 'answers.jsonl'), 'r');
    const places = placesIn(file);
    const read = readerOf(file);
    const hash = identityHash(manifest.model.identity);
    const judge = manifest.judge?.hash;
    return {
      name: manifest.model.name,
      identity: manifest.model.identity,
      protocol: manifest.model.protocol,
      wants: ['text', 'choice', 'trace', 'next'],
      async *answer(requests, signal) {
        for (const [index, request] of requests.entries()) {
          if (signal.aborted) return;
          const place = places.get(keyOf(request.to === 'judge' && judge ? judge : hash, request));
          yield [index, place ? read(place) : { ok: false, error: 'not in the recording' }];
        }
      },
      facts: async () => manifest.facts,
      async [Symbol.asyncDispose]() {
        closeSync(file);
      },
    };
  },
} satisfies RunnerModule;
