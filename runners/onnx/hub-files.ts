import { UserError } from '../../src/types.ts';

/** The files around a model's weights that are read. */
const beside = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
  'model.safetensors.index.json',
  'adapter_config.json',
  'genai_config.json',
]);

const split = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** All parts of the split file that `name` is a part of, else `name` alone. */
function partsOf(name: string, all: readonly string[]): string[] {
  const match = split.exec(name);
  if (!match) return [name];
  return all.filter((other) => {
    const part = split.exec(other);
    return part?.[1] === match[1] && part?.[3] === match[3];
  });
}

/** The files of a repository to fetch, and the one to open (a folder is opened when it is null). UserError when there is a choice to make or nothing to open. */
export function chosenFiles(repo: string, all: readonly string[], file: string | undefined): { files: string[]; open: string | null } {
  if (file !== undefined) {
    if (!all.includes(file)) {
      const models = all.filter((name) => /\.(gguf|safetensors)$/i.test(name));
      throw new UserError(`${repo}: no file ${file}`, `it has: ${models.slice(0, 12).join(', ') || all.slice(0, 12).join(', ')}`);
    }
    return { files: partsOf(file, all), open: file };
  }
  const here = all.filter((name) => !name.includes('/'));
  const weights = here.filter((name) => name.endsWith('.safetensors'));
  if (weights.length > 0) {
    // Mistral repositories hold the same weights twice.
    const used = weights.length > 1 ? weights.filter((name) => !name.startsWith('consolidated')) : weights;
    return { files: [...here.filter((name) => beside.has(name)), ...used], open: null };
  }
  const ggufs = all.filter((name) => /\.gguf$/i.test(name) && (split.exec(name)?.[2] ?? '00001') === '00001');
  const [only] = ggufs;
  if (only !== undefined && ggufs.length === 1) return { files: partsOf(only, all), open: only };
  if (ggufs.length > 1) {
    throw new UserError(`${repo}: ${ggufs.length} GGUF files`, `name one: hf:${repo}:${ggufs[0]} (also ${ggufs.slice(1, 10).join(', ')})`);
  }
  return onnxFiles(repo, all);
}

function onnxFiles(repo: string, all: readonly string[]): { files: string[]; open: null } {
  const genai = all.find((name) => name.endsWith('genai_config.json'));
  if (genai !== undefined) {
    const folder = genai.slice(0, -'genai_config.json'.length);
    return { files: all.filter((name) => name.startsWith(folder) && !name.slice(folder.length).includes('/')), open: null };
  }
  const model = ['onnx/model.onnx', 'model.onnx', 'onnx/decoder_model_merged.onnx', 'decoder_model_merged.onnx'].find((name) =>
    all.includes(name),
  );
  if (model === undefined) {
    throw new UserError(
      `${repo}: no GGUF, safetensors or ONNX model in it`,
      'name a repository with one of them, or a file: hf:org/repo:file',
    );
  }
  const data = all.filter((name) => name.startsWith(`${model}_data`) || name === model.replace(/\.onnx$/, '.onnx.data'));
  return { files: [...all.filter((name) => beside.has(name)), model, ...data], open: null };
}
