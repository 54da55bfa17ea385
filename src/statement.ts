/** What a signature says of a run: an in-toto statement (v1) about its seal. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealFile } from './engine/seal.ts';
import { bomFile } from './provenance.ts';
import type { Json, Manifest } from './types.ts';

interface Material {
  readonly name: string;
  readonly digest: { readonly sha256: string };
  readonly annotations?: Readonly<Record<string, Json>>;
}

const hashPattern = /^[0-9a-f]{64}$/;
const digestOf = (sha256: string) => ({ sha256 });
export const fileDigest = (path: string) => digestOf(createHash('sha256').update(readFileSync(path)).digest('hex'));

/** What a role was made of, as far as its identity names it by hash: weights, tokenizer, template, adapter. */
function materialsOf(role: string, { name, hash, identity }: Manifest['model'] | NonNullable<Manifest['judge']>): Material[] {
  const parts = Object.entries(identity).filter(
    (part): part is [string, string] => typeof part[1] === 'string' && hashPattern.test(part[1]),
  );
  return [
    { name: `${role} ${name}`, digest: digestOf(hash) },
    ...parts.map(([part, value]) => ({ name: `${role} ${part}`, digest: digestOf(value) })),
  ];
}

/** Everything that went into a run: models, items, this program and the packages it loads. */
function configurationOf(folder: string, manifest: Manifest): Material[] {
  const items = Object.entries(manifest.suites).map(([id, { version, items: hash, count }]) => ({
    name: `items ${id}`,
    digest: digestOf(hash),
    annotations: { version, count },
  }));
  const bom = join(folder, bomFile);
  const tool = { name: bomFile, annotations: { tool: `plumbline-eval ${manifest.plumbline}` } };
  return [
    ...materialsOf('model', manifest.model),
    ...(manifest.judge ? materialsOf('judge', manifest.judge) : []),
    ...items,
    ...(existsSync(bom) ? [{ ...tool, digest: fileDigest(bom) }] : []),
  ];
}

/** The statement: which run, made of what, on which machine, with which profile. */
export function statementOf(folder: string, manifest: Manifest) {
  const { model, suites, profile, environment, facts, options, command, created, finished, complete } = manifest;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: sealFile, digest: fileDigest(join(folder, sealFile)) }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: complete ? 'PASSED' : 'WARNED',
      configuration: configurationOf(folder, manifest),
      model: model.identity,
      suites,
      options,
      command,
      environment: { ...environment, device: facts.device ?? null },
      created,
      finished,
      profile,
    },
  };
}
