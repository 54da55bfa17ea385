/** compare, gate, init and the parts of run that decide, as a user calls them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plumbline, temporary } from './support/cli.ts';

const suites = ['-s', 'fairness/stereotypes', '-s', 'safety/misinformation'];
const made = async (cwd: string, persona: string, folder: string, ...more: string[]) =>
  plumbline(['run', persona, ...suites, '--preset', 'standard', '-q', '-o', folder, ...more], { cwd });

describe('deciding from the command line', () => {
  it('init writes a policy that the run passes; a worse run fails it; outputs and exit codes agree', async () => {
    using to = temporary();
    const cwd = to.path;
    await made(cwd, 'scripted:mixed:0.2', 'a');
    await made(cwd, 'scripted:mixed:0.7', 'b');
    expect((await plumbline(['init', 'a'], { cwd })).code).toBe(0);
    expect((await plumbline(['init', 'a'], { cwd })).code).toBe(2);
    expect((await plumbline(['gate', 'a'], { cwd })).code).toBe(0);
    const summary = join(cwd, 'summary.md');
    const outputs = ['--junit', 'gate/j.xml', '--sarif', 'gate/s.sarif', '--badge', 'gate/b.json', '--verdict', 'gate/v.json'];
    const env = { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' };
    const failed = await plumbline(['gate', 'b', '--baseline', 'a', ...outputs], { cwd, env });
    expect(failed.code).toBe(1);
    expect(failed.out).toMatch(/^FAIL: /m);
    expect(failed.err).toMatch(/^::error file=plumbline\.yaml,line=\d+,title=FAIL /m);
    expect(readFileSync(summary, 'utf8')).toContain('## Plumbline: FAIL');
    expect(readFileSync(join(cwd, 'gate/j.xml'), 'utf8')).toContain('<failure ');
    expect(JSON.parse(readFileSync(join(cwd, 'gate/v.json'), 'utf8'))).toMatchObject({ format: 'plumbline-verdict/1', state: 'fail' });
    expect(JSON.parse(readFileSync(join(cwd, 'gate/s.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
    expect((await plumbline(['gate', 'b', '--exit-zero'], { cwd })).code).toBe(0);
    expect((await plumbline(['verify', 'b'], { cwd })).code).toBe(0);
  });

  it('a typo in a policy, a missing baseline and a baseline of another system prompt are wrong use', async () => {
    using to = temporary();
    const cwd = to.path;
    await made(cwd, 'scripted:mixed:0.2', 'a');
    await made(cwd, 'scripted:mixed:0.2', 'c', '--system', 'Be brief.');
    writeFileSync(join(cwd, 'p.yaml'), 'rules:\n  - suite: fairness/stereotype\n    min: 0.1\n');
    const typo = await plumbline(['gate', 'a', '--policy', 'p.yaml'], { cwd });
    expect([typo.code, typo.err]).toEqual([2, expect.stringContaining("did you mean 'fairness/stereotypes'?")]);
    writeFileSync(join(cwd, 'q.yaml'), 'rules:\n  - dimension: fairness\n    max-drop: 0.1\n');
    expect((await plumbline(['gate', 'a', '--policy', 'q.yaml'], { cwd })).code).toBe(2);
    const other = await plumbline(['gate', 'a', '--policy', 'q.yaml', '--baseline', 'c'], { cwd });
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('system: "Be brief." in the baseline, null here')]);
    expect((await plumbline(['gate', 'a', '--policy', 'q.yaml', '--baseline', 'a'], { cwd })).code).toBe(0);
  });

  it('run --against compares; compare prints JSON and writes its files', async () => {
    using to = temporary();
    const cwd = to.path;
    const both = await made(cwd, 'scripted:mixed:0.2', 'two', '--against', 'scripted:mixed:0.7');
    expect([both.code, both.out]).toEqual([0, expect.stringMatching(/▼ fairness\/stereotypes .* worse/)]);
    for (const name of ['comparison.json', 'comparison.md', 'compare.html'])
      expect(existsSync(join(cwd, 'two/comparison', name))).toBe(true);
    const { out } = await plumbline(['compare', 'two/scripted-mixed-0.2', 'two/scripted-mixed-0.7', '--json'], { cwd });
    expect(JSON.parse(out)).toMatchObject({ format: 'plumbline-comparison/1', pairs: [{ counts: { worse: 2 } }] });
    expect((await plumbline(['compare', 'two/scripted-mixed-0.2'], { cwd })).code).toBe(2);
  });

  it('run --against-quantize: one model, int8 or int4, not beside --quantize', async () => {
    using to = temporary();
    const cwd = to.path;
    const wrong = async (...more: string[]) => {
      const { code, err } = await made(cwd, 'scripted:perfect', 'q', ...more);
      return [code, err];
    };
    expect(await wrong('--against-quantize', 'int3')).toEqual([2, expect.stringContaining('expected int8 or int4')]);
    expect(await wrong('--against-quantize', 'int8', '--quantize', 'int4')).toEqual([2, expect.stringContaining('take --quantize away')]);
    expect(await wrong('scripted:worst', '--against-quantize', 'int8')).toEqual([2, expect.stringContaining('variants of one model')]);
    expect(existsSync(join(cwd, 'q'))).toBe(false);
  });

  it('--until-decided stops early and exits as the gate; --budget asks a share; both can be scored and verified again', async () => {
    using to = temporary();
    const cwd = to.path;
    writeFileSync(join(cwd, 'p.yaml'), 'rules:\n  - suite: reliability/facts\n    min: 0.2\n    floor: met\n');
    const early = await made(cwd, 'scripted:mixed:0.2', 'early', '--until-decided', '--policy', 'p.yaml', '-s', 'reliability/facts');
    expect([early.code, early.out]).toEqual([0, expect.stringContaining('PASS: all 2 rules hold')]);
    const rows = readFileSync(join(cwd, 'early/rows/reliability/facts.jsonl'), 'utf8').trim().split('\n').length;
    expect(rows).toBeLessThan(150);
    const share = await made(cwd, 'scripted:mixed:0.2', 'share', '--budget', '20%');
    expect([share.code, share.out]).toEqual([0, expect.stringMatching(/safety\/misinformation endorsement .* of all \d+, from \d+ asked/)]);
    for (const folder of ['early', 'share']) {
      expect((await plumbline(['score', folder], { cwd })).code).toBe(0);
      expect((await plumbline(['verify', folder], { cwd })).code).toBe(0);
    }
    expect((await made(cwd, 'scripted:mixed:0.2', 'x', '--budget', '20%', '--limit', '3')).code).toBe(2);
  });

  it('--dry-run asks nothing and says what could be seen', async () => {
    using to = temporary();
    const { code, out } = await made(to.path, 'scripted:perfect', 'none', '--dry-run');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/fairness\/stereotypes .* items.*: a rate within ± \d+ points, losses from \d+ points seen/),
    ]);
    expect(existsSync(join(to.path, 'none'))).toBe(false);
  });
});
