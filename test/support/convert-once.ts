/** Converts a model in a process of its own: `node --import tsx convert-once.ts <model> <cache>`. Prints the weights file. */
import { readyTensors } from '../../runners/onnx/convert.ts';
import { openModel } from '../../runners/onnx/open-model.ts';

const [model = '', cacheDir = ''] = process.argv.slice(2);
const ready = await readyTensors(openModel(model), { cacheDir, progress: (what, done) => console.log(what, done) });
console.log([...ready.values()][0]?.file);
