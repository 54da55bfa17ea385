import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import workers from 'node:worker_threads';
import { UserError } from './types.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Holder = Record<string, Method>;

const loopback = /^(127\.\d+\.\d+\.\d+|::1)$/;

function refuse(what: string): never {
  throw new UserError(`--offline: ${what}`, 'take --offline away, or name a local file');
}

/** Replaces methods of an object, its own and those it inherits, whose names match. */
function replace(holder: object, names: RegExp, by: (name: string, before: Method) => Method): void {
  const held = holder as Holder;
  const all = [...Object.keys(holder), ...Object.keys(Object.getPrototypeOf(holder) as object)];
  for (const name of new Set(all)) if (names.test(name) && typeof held[name] === 'function') held[name] = by(name, held[name] as Method);
}

function placeOf(args: readonly unknown[]): string {
  // Node's own callers hand over their arguments as one list.
  const [first, second] = args.flat();
  if (typeof first !== 'object' || first === null) return `${typeof second === 'string' ? second : 'this machine'}:${String(first)}`;
  const { path, host, port } = first as { path?: string; host?: string; port?: number };
  return path ?? `${host ?? 'this machine'}:${port}`;
}

/** Connections are refused to this machine too, as a server here may pass on what it is asked. Pipes to child processes are no connections. */
function forbidConnections(): void {
  replace(
    net.Socket.prototype,
    /^connect$/,
    () =>
      (...args) =>
        refuse(`a connection to ${placeOf(args)} was asked for`),
  );
  replace(dgram.Socket.prototype, /^(bind|send|connect)$/, () => () => refuse('a datagram socket was asked for'));
  for (const holder of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype])
    replace(
      holder,
      /^(lookup|resolve|reverse)/,
      (name, before) =>
        function (...args) {
          // Nobody is asked for the address of an address.
          if (net.isIP(String(args[0])) !== 0 && name === 'lookup') return before.apply(this, args);
          return refuse(`the address of ${String(args[0])} was asked for (dns.${name})`);
        },
    );
}

/** Only a server that this machine alone can reach may listen (`plumbline serve`). */
function forbidListening(): void {
  replace(
    net.Server.prototype,
    /^listen$/,
    (_, before) =>
      function (...args) {
        const host = typeof args[0] === 'object' && args[0] !== null ? (args[0] as { host?: unknown }).host : args[1];
        if (typeof host !== 'string' || !loopback.test(host)) refuse('a socket that others can reach was to be opened');
        return before.apply(this, args);
      },
  );
}

/** Node processes and threads that are started from here are told the same. */
function forbidInChildren(env: Record<string, string | undefined>): void {
  const hook = new URL(import.meta.url.endsWith('.ts') ? './offline-child.ts' : './offline-child.js', import.meta.url);
  if (!env.NODE_OPTIONS?.includes(hook.href)) env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --import=${hook.href}`.trim();
  const { Worker } = workers;
  workers.Worker = class extends Worker {
    constructor(file: string | URL, options: workers.WorkerOptions = {}) {
      // A thread made from a text does not wait for --import.
      super(file, { ...options, execArgv: [...(options.execArgv ?? process.execArgv), '--require', fileURLToPath(hook)] });
    }
  };
}

let forbidden = false;

/** Makes every socket of this process, and of Node processes and threads that it starts, an error. `env`: the environment that they inherit. */
export function forbidNetwork(env: Record<string, string | undefined>): void {
  if (forbidden) return;
  forbidden = true;
  forbidConnections();
  forbidListening();
  forbidInChildren(env);
  // What was imported by name is replaced as well.
  syncBuiltinESMExports();
}
