/** A small server of run folders: pages made when asked for, progress by server-sent events. Reads only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pageTime } from '../engine/write-report.ts';
import type { OverviewReport } from '../kit/overview.ts';
import { loadReport } from '../load.ts';
import { openRun } from '../open-run.ts';
import type { Trusted } from '../trusted.ts';
import type { Data } from '../types.ts';
import { look, runNames } from './watch.ts';

export interface Serving {
  readonly folder: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly lang: string;
  readonly data?: Data;
  readonly trusted?: Trusted;
  /** Names that a request's Host may carry; others are refused, so that no web page can read the runs by a name of its own (DNS rebinding). */
  readonly hosts: ReadonlySet<string>;
  readonly everyMs: number;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
  md: 'text/plain; charset=utf-8',
};

function send(response: ServerResponse, status: number, body: string | Uint8Array, type: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  });
  response.end(body);
}

/** Which report makes which file. */
function reportOf(file: string): string | null {
  if (file === 'scorecard.html') return 'scorecard';
  if (file === 'samples.html' || /^samples\/(index|t?\d+)\.js$/.test(file)) return 'samples';
  if (/^card\.(svg|html)$/.test(file)) return 'card';
  return file === 'report.json' ? 'json' : file === 'report.md' ? 'markdown' : null;
}

/** Files of the report asked for last, so that a sample browser's chunks are made once. */
interface Made {
  key: string;
  files: Promise<Map<string, string | Uint8Array>>;
}

async function filesOf(report: string, folder: string, serving: Serving): Promise<Map<string, string | Uint8Array>> {
  const run = openRun(folder, serving.cwd, serving);
  const { render } = await loadReport(report, serving.cwd);
  const files = new Map<string, string | Uint8Array>();
  for await (const { path, text } of await render(run, { lang: serving.lang, now: pageTime(run, serving.env) })) files.set(path, text);
  return files;
}

function events(request: IncomingMessage, response: ServerResponse, serving: Serving): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'keep-alive' });
  let seen: ReturnType<typeof look>['seen'] = new Map();
  const tell = () => {
    const now = look(serving.folder, seen, Date.now());
    seen = now.seen;
    response.write(`data: ${JSON.stringify(now.runs)}\n\n`);
  };
  tell();
  const timer = setInterval(tell, serving.everyMs);
  request.on('close', () => clearInterval(timer));
}

/** Starts listening; port 0 takes a free one. */
export async function startServer(serving: Serving, port: number, host: string): Promise<Server> {
  const made: Made = { key: '', files: Promise.resolve(new Map()) };
  const server = createServer((request, response) => {
    answer(request, response, serving, made).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, `${(error as Error).message}\n`, 'text/plain; charset=utf-8');
      else response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving, made: Made): Promise<void> {
  const text = (status: number, body: string) => send(response, status, `${body}\n`, 'text/plain; charset=utf-8');
  const named = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (!serving.hosts.has(named)) return text(421, 'this server answers to its own name only');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only reading is possible');
  const path = decodeURIComponentSafe((request.url ?? '/').split('?')[0] ?? '/');
  if (path === '/events') return events(request, response, serving);
  if (path === '/') {
    const report = (await loadReport('overview', serving.cwd)) as unknown as OverviewReport;
    const { runs } = look(serving.folder, new Map(), Date.now());
    return send(response, 200, report.page(runs, { lang: serving.lang, now: Date.now() }), types.html ?? '');
  }
  const found = runNames(serving.folder)
    .map((name) => ({ name, prefix: name === '' ? '/run/' : `/run/${name}/` }))
    .find(({ prefix }) => path.startsWith(prefix));
  const file = found ? path.slice(found.prefix.length) : '';
  const report = reportOf(file);
  if (!found || report === null) return text(404, 'there is nothing here');
  const folder = join(serving.folder, found.name);
  const key = `${report} ${folder}`;
  // A page is made anew each time; its chunks come from that making.
  if (made.key !== key || file.endsWith('.html')) {
    made.key = key;
    made.files = filesOf(report, folder, serving);
  }
  const body = (await made.files).get(file);
  if (body === undefined) return text(404, 'there is nothing here');
  send(response, 200, body, types[file.replace(/^.*\./, '')] ?? 'application/octet-stream');
}

function decodeURIComponentSafe(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/?';
  }
}
