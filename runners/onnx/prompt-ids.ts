import { type Failure, type Prompt, type Request, UserError } from '../../src/types.ts';
import type { LocalModel } from './model.ts';
import { type Rendered, raw, withoutTemplate, withSystem } from './prompts.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A prompt as the model sees it. */
export function rendered(model: LocalModel, prompt: Prompt, system: string | undefined): Rendered {
  const whole = withSystem(prompt, system);
  if (typeof whole === 'string') return raw(whole);
  return model.speech.chat ? model.speech.chat(whole) : withoutTemplate(whole);
}

/** What the model sees, or the failure of a conversation that its template refuses. */
export function shownOr(model: LocalModel, request: Request, system: string | undefined): Rendered | Failure {
  try {
    return rendered(model, request.prompt, system);
  } catch (error) {
    if (error instanceof UserError) return { ok: false, error: error.message };
    throw error;
  }
}

export function tokenizerIn(model: LocalModel): Tokenizer {
  if (model.speech.tokenizer) return model.speech.tokenizer;
  throw new UserError(
    `${model.name} has no tokenizer: ${model.speech.noTokenizer}`,
    'ask by token ids: plumbline trace <model> --ids 1,2,3',
  );
}

export const encodeOptions = ({ plain, bos }: Rendered, tokenizer: Tokenizer) => ({
  bos: bos && tokenizer.addBos,
  ...(plain ? { special: true, plain } : {}),
});

/** A prompt's token ids. */
export function promptIds(model: LocalModel, shown: Rendered): number[] {
  const tokenizer = tokenizerIn(model);
  return tokenizer.encode(shown.text, encodeOptions(shown, tokenizer));
}

/** What stands for an empty prompt: the begin token, else the end token. */
export function beginning(model: LocalModel): number[] {
  const { bos, eos } = tokenizerIn(model);
  return [bos ?? eos ?? 0];
}
