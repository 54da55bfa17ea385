import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { readingHere } from '../reading.ts';
import { UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('[folder]', 'a run folder, or a folder of run folders', 'runs')
      .option('--port <n>', 'the port; 0 takes a free one', '7474')
      .option('--host <address>', 'the address to listen on; anything but 127.0.0.1 lets others read the runs', '127.0.0.1')
      .option('--lang <lang>', 'language of the pages: en or zh', 'en')
      .addHelpText('after', '\nExample:\n  plumbline serve runs\n\nShows runs as they go on. Reads only; Ctrl-C ends it.');
  },
  async run([named], options, io) {
    const folder = resolve(io.cwd, named as string);
    if (!existsSync(folder)) throw new UserError(`${folder}: there is no such folder`, 'plumbline run model.gguf -o runs/mine makes one');
    const port = Number(options.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UserError(`--port ${String(options.port)}: expected 0 to 65535`, '--port 7474');
    const host = String(options.host);
    const { startServer } = await import('../serve/server.ts');
    const hosts = new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase()]);
    const serving = { folder, cwd: io.cwd, env: io.env, lang: String(options.lang), hosts, everyMs: 1000, ...readingHere(io) };
    const server = await startServer(serving, port, host).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') throw new UserError(`port ${port} is taken`, 'plumbline serve --port 0 takes a free one');
      throw new UserError(`cannot listen on ${host}:${port} (${error.message})`, 'leave --host out to listen on this machine only');
    });
    const { address, port: at } = server.address() as AddressInfo;
    io.out(`http://${address.includes(':') ? `[${address}]` : address}:${at}/\n`);
    if (!['127.0.0.1', '::1', 'localhost'].includes(host)) io.err('anyone who reaches this address can read the runs\n');
    await new Promise<void>((done) => {
      if (io.signal.aborted) return done();
      io.signal.addEventListener('abort', () => done(), { once: true });
    });
    server.closeAllConnections();
    server.close();
    return 0;
  },
};

export default command;
