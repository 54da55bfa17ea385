import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environment, root, temporary } from '../support/cli.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

/** Needs a registry that npm can reach. */
it('the tarball, installed without any installation script where there is only Node, opens a model, scores it and verifies the run', () => {
  using place = temporary();
  const npm = (args: readonly string[], cwd: string) =>
    execFileSync('npm', args, { cwd, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  const built = readdirSync(root).filter((name) => name.endsWith('.tgz'));
  const tarball =
    built.length === 1
      ? join(root, built[0] as string)
      : join(place.path, npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', place.path], root).trim());
  const clean = join(place.path, 'clean');
  mkdirSync(clean);
  writeFileSync(join(clean, 'package.json'), '{"private":true}');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], clean);
  const [megabytes] = execFileSync('du', ['-sm', '--exclude=onnxruntime-node', 'node_modules'], { cwd: clean, encoding: 'utf8' }).split(
    '\t',
  );
  console.log(`installed: ${megabytes} MB without onnxruntime-node`);
  expect(Number(megabytes)).toBeLessThanOrEqual(80);

  const bin = join(clean, 'node_modules/.bin/plumbline');
  const env = environment({ XDG_CACHE_HOME: join(place.path, 'cache'), HOME: place.path });
  const run = (...args: string[]) => {
    const ran = spawnSync(bin, args, { cwd: clean, env, encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    return ran.stdout;
  };
  writeTinyModel(join(clean, 'model'));
  run('run', 'model', '--preset', 'demo', '--limit', '2', '--device', 'cpu', '--offline', '--quiet', '-o', 'r');
  const dimensions = (JSON.parse(readFileSync(join(clean, 'r/run.json'), 'utf8')) as { profile: { of: number }[] }).profile;
  expect(dimensions.filter(({ of }) => of > 0).length).toBe(5);
  expect(existsSync(join(clean, 'r/scorecard.html'))).toBe(true);
  expect(existsSync(join(clean, 'r/sbom.cdx.json'))).toBe(true);
  expect(run('verify', 'r')).toMatch(/every score and the page agree/);
});
