/** What is read off a server's answer. What has not the form that it should have counts as absent. */
import { z } from 'zod';
import type { Body } from './http.ts';

const number = z.number();
const logprobs = z.object({
  tokens: z.array(z.string()).optional(),
  token_logprobs: z.array(number.nullable()).optional(),
  text_offset: z.array(number).optional(),
  top_logprobs: z.array(z.record(z.string(), number).nullable()).nullish(),
  content: z.array(z.object({ top_logprobs: z.array(z.object({ token: z.string(), logprob: number })).optional() })).nullish(),
});
const choice = z.object({
  text: z.string().optional().catch(undefined),
  message: z
    .object({
      content: z.string().nullish().catch(null),
      reasoning_content: z.string().nullish().catch(null),
      reasoning: z.string().nullish().catch(null),
    })
    .optional()
    .catch(undefined),
  finish_reason: z.string().nullish().catch(null),
  logprobs: logprobs.nullish().catch(null),
  prompt_logprobs: z
    .array(z.record(z.string(), z.object({ logprob: number, decoded_token: z.string().nullish() })).nullable())
    .nullish()
    .catch(null),
});
export type Choice = z.infer<typeof choice>;
/** What a chat's answer says, and what was thought before it. */
export type Said = Choice['message'];

/** The thinking that a server sets apart in a message, or in a piece of one: `reasoning_content`, `reasoning` in newer ones; null: none. */
export function thoughtApart(message: Said): string | null {
  for (const apart of [message?.reasoning_content, message?.reasoning]) if (typeof apart === 'string' && apart !== '') return apart;
  return null;
}

/** The first choice; empty where there is none. */
export function choiceOf(body: Body): Partial<Choice> {
  return Array.isArray(body.choices) ? (choice.safeParse(body.choices[0]).data ?? {}) : {};
}

const count = z.number().int().nonnegative();
const usage = z.object({ completion_tokens: count.optional().catch(undefined), prompt_tokens: count.optional().catch(undefined) });

/** Tokens written and read, as far as the server tells. */
export function usageOf(body: Body): { readonly tokens: number; readonly promptTokens?: number } {
  const { completion_tokens = 0, prompt_tokens } = usage.safeParse(body.usage).data ?? {};
  return { tokens: completion_tokens, ...(prompt_tokens !== undefined && { promptTokens: prompt_tokens }) };
}

const probable = z.object({
  id: number.optional().catch(undefined),
  token: z.string().optional().catch(undefined),
  logprob: number.optional().catch(undefined),
});
const written = z.array(probable.extend({ top_logprobs: z.array(probable).optional().catch(undefined) }));

/** llama.cpp's probabilities of the tokens it wrote, before sampling; null where there are none. */
export const writtenTokens = (body: Body): z.infer<typeof written> | null => written.safeParse(body.completion_probabilities).data ?? null;

const pieces = z.array(z.object({ id: count, piece: z.unknown() }));

/** The tokens that llama.cpp's /tokenize tells; null where it tells none. */
export const piecesOf = (body: Body): z.infer<typeof pieces> | null => pieces.safeParse(body.tokens).data ?? null;

const models = z.array(z.object({ meta: z.object({ n_vocab: count }) }));

/** The size of the vocabulary in llama.cpp's /v1/models; null where it does not tell. */
export const vocabularyIn = (body: Body): number | null => models.safeParse(body.data).data?.[0]?.meta.n_vocab ?? null;
