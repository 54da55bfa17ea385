import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { manifestOf, writeWhole } from '../engine/run-folder.ts';
import { signatureFile } from '../engine/seal.ts';
import { sealProblems } from '../engine/verify.ts';
import { envelopeText, newKeys, signed } from '../sign.ts';
import { UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('[run]', 'a finished run folder')
      .option('--key <file>', 'your private key (ed25519, PEM)')
      .option('--new-key <file>', 'make a key pair: <file> and <file>.pub')
      .addHelpText(
        'after',
        '\nExample:\n  plumbline sign --new-key my.key\n  plumbline sign runs/mine --key my.key\n  plumbline verify runs/mine --key my.key.pub',
      );
  },
  async run([name], options, io) {
    if (options.newKey !== undefined) {
      const path = resolve(io.cwd, String(options.newKey));
      if (existsSync(path)) throw new UserError(`${path} is there already`, 'name another file');
      const { privateKey, publicKey } = newKeys();
      writeFileSync(path, privateKey, { mode: 0o600 });
      writeFileSync(`${path}.pub`, publicKey);
      io.out(`${path}.pub\n`);
      if (name === undefined) return 0;
    }
    if (name === undefined) throw new UserError('no run named', 'plumbline sign runs/mine --key my.key');
    const keyFile = options.key ?? options.newKey;
    if (keyFile === undefined) throw new UserError('no key named', 'plumbline sign --new-key my.key makes one');
    const folder = resolve(io.cwd, name as string);
    const manifest = manifestOf(folder);
    const [problem] = await sealProblems(folder);
    if (problem)
      throw new UserError(`${folder} is not as it was sealed: ${problem.where} ${problem.what}`, `plumbline verify ${name as string}`);
    const path = resolve(io.cwd, String(keyFile));
    if (!existsSync(path))
      throw new UserError(`--key ${String(keyFile)}: there is no such file`, 'plumbline sign --new-key my.key makes one');
    writeWhole(join(folder, signatureFile), envelopeText(signed(folder, manifest, readFileSync(path, 'utf8'))));
    io.out(`${join(folder, signatureFile)}\n`);
    return 0;
  },
};

export default command;
