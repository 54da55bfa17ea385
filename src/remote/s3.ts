import { createHash } from 'node:crypto';
import { closeSync, createWriteStream, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileHash } from '../engine/seal.ts';
import { UserError } from '../types.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Stored {
  /** Below the prefix, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** Files below one prefix of a bucket. */
export interface Bucket {
  list(): Promise<Stored[]>;
  /** Writes the object to a file, whole or not at all; UserError when its bytes are not those that were put. */
  fetch(path: string, to: string): Promise<void>;
  /** Puts a file with the sha256 of its bytes; those above 64 MB in parts. */
  put(path: string, from: string): Promise<void>;
  /** The sha256 that was put with an object; null where there is none. */
  hashOf(path: string): Promise<string | null>;
  remove(path: string): Promise<void>;
}

const partBytes = 64 << 20;

async function library(): Promise<typeof import('aws4fetch')> {
  try {
    return await import('aws4fetch');
  } catch {
    throw new UserError('s3:// needs the package aws4fetch, which is not here', 'npm install aws4fetch');
  }
}

const escaped = (key: string): string =>
  key
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`))
    .join('/');
const unescaped = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[\da-f]+);/gi, (_, name: string) =>
    name.startsWith('#')
      ? String.fromCodePoint(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
      : ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }[name.toLowerCase()] ?? ''),
  );
/** The texts of an XML element wherever it stands. */
const texts = (xml: string, element: string): string[] =>
  [...xml.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))].map((match) => unescaped(match[1] ?? ''));

function credentialsIn(env: Env) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (!accessKeyId || !secretAccessKey)
    throw new UserError(
      's3:// needs credentials',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_ENDPOINT_URL for storage other than Amazon’s)',
    );
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** Opens `s3://bucket/prefix` with the environment's AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL(_S3). */
export async function openBucket(url: string, env: Env): Promise<Bucket> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(url) ?? [];
  if (bucket === undefined) throw new UserError(`${url}: expected s3://bucket/prefix`);
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const endpoint = (env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '');
  const credentials = credentialsIn(env);
  const { AwsClient } = await library();
  const client = new AwsClient({ ...credentials, region, service: 's3', retries: 5 });
  const base = `${endpoint}/${bucket}`;
  const keyOf = (path: string) => (prefix === '' ? path : `${prefix}/${path}`);
  const send = async (address: string, init: RequestInit & { readonly missing?: boolean } = {}): Promise<Response> => {
    let answer: Response;
    try {
      answer = await client.fetch(address, init);
    } catch (error) {
      const cause = (error as { cause?: Error }).cause;
      throw new UserError(
        `${url}: ${endpoint} does not answer (${cause?.message || (error as Error).message})`,
        'is AWS_ENDPOINT_URL right?',
        3,
      );
    }
    if (answer.ok || (init.missing && answer.status === 404)) return answer;
    const [code = ''] = texts(await answer.text(), 'Code');
    throw new UserError(
      `${url}: the storage says ${answer.status} ${code}`.trim(),
      answer.status === 403 ? 'check the credentials and what they may do' : 'check bucket and prefix',
      3,
    );
  };
  const object = (path: string) => `${base}/${escaped(keyOf(path))}`;
  const inParts = async (path: string, from: string, hash: string, bytes: number) => {
    const begun = await (await send(`${object(path)}?uploads`, { method: 'POST', headers: { 'x-amz-meta-sha256': hash } })).text();
    const [id = ''] = texts(begun, 'UploadId');
    const file = openSync(from, 'r');
    const tags: string[] = [];
    try {
      for (let at = 0; at < bytes; at += partBytes) {
        const part = Buffer.alloc(Math.min(partBytes, bytes - at));
        readSync(file, part, 0, part.length, at);
        const answer = await send(`${object(path)}?partNumber=${tags.length + 1}&uploadId=${encodeURIComponent(id)}`, {
          method: 'PUT',
          body: part,
        });
        tags.push(answer.headers.get('etag') ?? '');
      }
    } finally {
      closeSync(file);
    }
    const list = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('');
    await send(`${object(path)}?uploadId=${encodeURIComponent(id)}`, {
      method: 'POST',
      body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
    });
  };
  return {
    async list() {
      const found: Stored[] = [];
      for (let token = ''; ; ) {
        const query = new URLSearchParams({
          'list-type': '2',
          prefix: prefix === '' ? '' : `${prefix}/`,
          ...(token && { 'continuation-token': token }),
        });
        const xml = await (await send(`${base}/?${query}`)).text();
        for (const entry of texts(xml, 'Contents')) {
          const [[key = ''], [size = '0']] = [texts(entry, 'Key'), texts(entry, 'Size')];
          found.push({ path: unescaped(key).slice(prefix === '' ? 0 : prefix.length + 1), bytes: Number(size) });
        }
        token = texts(xml, 'NextContinuationToken')[0] ?? '';
        if (token === '') return found.filter(({ path }) => path !== '');
      }
    },
    async fetch(path, to) {
      const answer = await send(object(path));
      mkdirSync(dirname(to), { recursive: true });
      const temporary = `${to}.${process.pid}.tmp`;
      const hash = createHash('sha256');
      try {
        const body = answer.body ? Readable.fromWeb(answer.body as never) : Readable.from([]);
        body.on('data', (part: Buffer) => hash.update(part));
        await pipeline(body, createWriteStream(temporary));
        const wanted = answer.headers.get('x-amz-meta-sha256');
        if (wanted !== null && wanted !== hash.digest('hex'))
          throw new UserError(`${url}/${path}: its bytes are not those that were stored`, 'store the run again', 3);
        renameSync(temporary, to);
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    async put(path, from) {
      const [hash, bytes] = [await fileHash(from), statSync(from).size];
      if (bytes > partBytes) return inParts(path, from, hash, bytes);
      const body = Buffer.alloc(bytes);
      const file = openSync(from, 'r');
      readSync(file, body, 0, bytes, 0);
      closeSync(file);
      await send(object(path), { method: 'PUT', body, headers: { 'x-amz-meta-sha256': hash, 'x-amz-content-sha256': hash } });
    },
    async hashOf(path) {
      const answer = await send(object(path), { method: 'HEAD', missing: true });
      return answer.ok ? answer.headers.get('x-amz-meta-sha256') : null;
    },
    async remove(path) {
      await send(object(path), { method: 'DELETE', missing: true });
    },
  };
}
