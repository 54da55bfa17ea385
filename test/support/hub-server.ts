/** Imitates the endpoints of the Hugging Face hub that a download uses, on a local port. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubRepo {
  readonly commit: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files announced with a hash that is not theirs. */
  readonly lies?: readonly string[];
  /** Bytes of a download after which the connection breaks, for the first so many requests. */
  readonly breaks?: { readonly after: number; left: number };
  readonly token?: string;
}

export interface HubServer {
  readonly url: string;
  /** `METHOD path range` of every request so far. */
  readonly seen: string[];
  close(): Promise<void>;
}

function entry(path: string, bytes: Uint8Array, lies: boolean): object {
  const sha256 = createHash('sha256')
    .update(lies ? 'something else' : bytes)
    .digest('hex');
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const large = /\.(gguf|safetensors|onnx)$/.test(path);
  return { type: 'file', path, size: bytes.length, oid, ...(large ? { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } } : {}) };
}

function send(repo: HubRepo, bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': String(part.length) });
  const { breaks } = repo;
  if (!breaks || breaks.left <= 0 || part.length <= breaks.after) {
    response.end(part);
    return;
  }
  breaks.left -= 1;
  response.write(part.subarray(0, breaks.after), () => setTimeout(() => response.destroy(), 50));
}

function answer(repos: Readonly<Record<string, HubRepo>>, request: IncomingMessage, response: ServerResponse): unknown {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://hub').pathname);
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const name = Object.keys(repos).find((each) => path.includes(`/${each}/`));
  const repo = name === undefined ? undefined : repos[name];
  if (!repo || name === undefined) return json(404, { error: 'Repository not found' });
  if (repo.token && request.headers.authorization !== `Bearer ${repo.token}`) return json(401, { error: 'Access is restricted' });
  if (path.startsWith(`/api/models/${name}/revision/`)) {
    const known = [repo.commit, 'main'].includes(path.split('/').at(-1) ?? '');
    return known
      ? json(200, { _id: '1', id: name, sha: repo.commit, lastModified: '2026-01-01T00:00:00Z' })
      : json(404, { error: 'Invalid rev' });
  }
  if (path.startsWith(`/api/models/${name}/tree/`)) {
    return json(
      200,
      Object.entries(repo.files).map(([file, bytes]) => entry(file, bytes, repo.lies?.includes(file) ?? false)),
    );
  }
  const bytes = repo.files[path.slice(`/${name}/resolve/${repo.commit}/`.length)];
  if (!bytes) return json(404, { error: 'Entry not found' });
  return send(repo, bytes, request, response);
}

/** Serves repositories by name (`org/repo`). */
export async function hubServer(repos: Readonly<Record<string, HubRepo>>): Promise<HubServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
    answer(repos, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
