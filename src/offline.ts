import { Socket } from 'node:net';
import { UserError } from './types.ts';

/** Makes every network connection of this process an error. Pipes to child processes are no connections and stay. */
export function forbidNetwork(): void {
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [first] = args.flat() as { readonly path?: string; readonly host?: string; readonly port?: number }[];
    if (typeof first === 'object' && first !== null && typeof first.path === 'string' && first.port === undefined)
      return Reflect.apply(connect, this, args) as Socket;
    throw new UserError(
      `--offline: a connection to ${first?.host ?? 'this machine'}${first?.port === undefined ? '' : `:${first.port}`} was asked for`,
      'take --offline away, or name a local file',
    );
  } as typeof connect;
}
