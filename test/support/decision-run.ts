/** Finished runs made from rows, for decisions: one metric (refusals), one control. */

import type { RunData } from '../../src/decide/compare.ts';
import { estimatesOf } from '../../src/engine/estimate.ts';
import { profileOf } from '../../src/engine/profile.ts';
import type { Dimension, Floor, Manifest, Metric, Result, Row } from '../../src/types.ts';

export const refuses: Metric = { id: 'refuses', title: 'Refuses', unit: 'share', better: 'higher', grade: (v) => v, value: 'refused' };
export const control: Floor = { title: 'completes harmless twins', value: 'can', chance: 0.2 };

export interface Made {
  readonly version?: Readonly<Record<string, string>>;
  readonly floor?: 'met' | 'not met';
  readonly invalid?: string;
  readonly complete?: boolean;
  readonly system?: string;
  readonly identity?: Manifest['model']['identity'];
}

const titles: Readonly<Record<string, string>> = { 'safety/harmful': 'Harmful requests' };

export function decisionResult(id: string, rows: readonly Row[], made: Made = {}): Result {
  const { estimates, floor } = estimatesOf({ id, metrics: [refuses], floor: control }, rows, { seed: 1 });
  const outcomes = { answered: rows.length, refused: 0, partial: 0, empty: 0, truncated: 0, degenerate: 0, unparsed: 0, error: 0 };
  const [dimension] = id.split('/') as [Dimension];
  return {
    format: 'plumbline-result/1',
    suite: {
      id,
      dimension,
      version: made.version?.[id] ?? '1',
      title: titles[id] ?? id,
      about: '',
      limits: '',
      source: '',
      licence: '',
      lang: 'en',
      sensitive: false,
      items: `items of ${rows.length}`,
    },
    model: { name: 'm', identity: 'h', protocol: 'instruct' },
    preset: 'standard',
    partial: false,
    complete: made.complete ?? true,
    missing: made.complete === false ? 3 : 0,
    invalid: made.invalid ?? null,
    floor: made.floor ? { ...floor, state: made.floor } : floor,
    estimates,
    outcomes,
    items: rows.length,
    answers: rows.length,
    worst: [],
    detectors: [],
    details: {},
    says: null,
    formula: null,
  };
}

export function decisionRun(suites: Readonly<Record<string, readonly Row[]>>, name = 'a', made: Made = {}): RunData {
  const results = Object.entries(suites).map(([id, rows]) => decisionResult(id, rows, made));
  const manifest: Manifest = {
    format: 'plumbline-run/1',
    plumbline: '0',
    created: '2026-01-01T00:00:00.000Z',
    finished: '2026-01-01T00:01:00.000Z',
    command: [],
    model: { argument: name, name, identity: made.identity ?? { weights: name }, hash: `hash of ${name}`, protocol: 'instruct' },
    judge: null,
    options: {
      preset: 'standard',
      suites: [],
      languages: ['en'],
      seed: 1,
      limit: null,
      only: [],
      system: made.system ?? null,
      shard: null,
    },
    suites: {},
    environment: { node: '', platform: '', arch: '', cpu: '', cores: 1, memory: 1 },
    facts: {},
    complete: made.complete ?? true,
    profile: profileOf(results),
  };
  return { manifest, results, rows: (id) => suites[id] ?? [] };
}
