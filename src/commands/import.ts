import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { suggestion } from '../commands.ts';
import { dataIn } from '../data.ts';
import { finish } from '../finish.ts';
import { importGarak } from '../import/garak.ts';
import { importDecodingTrust, importTrustLlm } from '../import/generations.ts';
import { importHelm } from '../import/helm.ts';
import { type Imported, writeImported } from '../import/imported.ts';
import { importInspect } from '../import/inspect.ts';
import { importLmEval } from '../import/lm-eval.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';

const importers: Readonly<Record<string, (path: string) => Promise<Imported>>> = {
  'lm-eval': importLmEval,
  inspect: importInspect,
  garak: importGarak,
  helm: importHelm,
  trustllm: importTrustLlm,
  decodingtrust: importDecodingTrust,
};

const command: Command = {
  describe(parser) {
    parser
      .argument('<what>', Object.keys(importers).join(', '))
      .argument('<path>', 'the log, or the folder the other tool wrote')
      .requiredOption('-o, --output <folder>', 'the run folder to write')
      .option('--name <name>', 'the model’s name, where the log has none or a poor one')
      .option('--json', 'print the manifest as JSON to stdout and nothing else')
      .addHelpText('after', '\nExample:\n  plumbline import lm-eval results/ -o runs/m\n  plumbline gate runs/m --policy policy.yaml');
  },
  async run([what, path], options, io) {
    const importer = importers[String(what)];
    if (!importer) {
      const near = suggestion(String(what), Object.keys(importers));
      throw new UserError(
        `import ${String(what)}: not known${near ? `; did you mean '${near}'?` : ''}`,
        `known: ${Object.keys(importers).join(', ')}`,
      );
    }
    const read = await importer(resolve(io.cwd, String(path)));
    const imported = options.name === undefined ? read : { ...read, model: String(options.name) };
    const folder = resolve(io.cwd, String(options.output));
    const manifest = writeImported(folder, imported, { command: ['import', String(what)], now: new Date() });
    const unscored = imported.tasks.filter((task) => task.metrics.length === 0);
    if (unscored.length > 0)
      io.err(`left out, as the log holds no numeric score of them: ${unscored.map(({ name }) => name).join(', ')}\n`);
    if (imported.trouble) io.err(`${imported.trouble}\n`);
    const { page } = await finish(folder, { cwd: io.cwd, env: io.env, data: dataIn(cacheDirOf(io.env)) });
    io.out(options.json ? `${JSON.stringify(manifest)}\n` : `${page}\n`);
    if (manifest.complete) return 0;
    io.err('the log lacks some samples: the run is incomplete\n');
    return 3;
  },
};

export default command;
