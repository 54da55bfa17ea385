import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { energyZones, joulesBetween, openMeter } from '../runners/onnx/cost.ts';
import { processOnGpu } from '../runners/onnx/nvidia.ts';
import { temporary } from './support/cli.ts';

const place = temporary();
afterAll(() => place[Symbol.dispose]());

function zones(name: string, joules: readonly number[]): string {
  const folder = join(place.path, name);
  for (const [i, value] of joules.entries()) {
    const zone = join(folder, `intel-rapl:${i}`);
    mkdirSync(zone, { recursive: true });
    mkdirSync(join(folder, `intel-rapl:${i}:0`), { recursive: true }); // a part of the zone: counted with it
    writeFileSync(join(zone, 'energy_uj'), `${value * 1e6}\n`);
    writeFileSync(join(zone, 'max_energy_range_uj'), `${262_000e6}\n`);
  }
  return folder;
}

describe('energy', () => {
  test('of all processors, also when a counter began anew', () => {
    const before = energyZones(zones('before', [100, 261_990]));
    expect(joulesBetween(before, energyZones(zones('later', [130, 5])))).toBeCloseTo(30 + 15, 6);
  });

  test('is not told where there are no counters, or they cannot be read', () => {
    expect(energyZones(join(place.path, 'nowhere'))).toBeNull();
    mkdirSync(join(place.path, 'empty', 'intel-rapl:0'), { recursive: true });
    expect(energyZones(join(place.path, 'empty'))).toBeNull();
    expect(joulesBetween(null, energyZones(zones('some', [1])))).toBeNull();
  });
});

test('speeds by length and by rows; the first token after the model is open; tokens asked for beside those computed', () => {
  const meter = openMeter();
  meter.opened(120);
  meter.begun();
  meter.asked(900);
  meter.spent('prefill', 100, 50, 4);
  meter.spent('prefill', 300, 100, 1);
  meter.spent('decode', 16, 20, 16);
  meter.spent('decode', 3, 10, 3);
  const facts = meter.facts(false);
  expect(facts).toMatchObject({
    loadMs: 120,
    promptTokensAsked: 900,
    prefillTokens: 400,
    prefillTokensPerSecond: 2666.7,
    prefillTokensPerSecondByLength: { 64: 2000, 256: 3000 },
    decodeTokens: 19,
    decodeTokensPerSecondByRows: { 2: 300, 16: 800 },
  });
  expect(facts.firstTokenMs).toBeGreaterThanOrEqual(120);
});

test.skipIf(process.platform === 'win32')('memory and watts of a process on NVIDIA devices, from the driver’s tool', () => {
  const tool = join(place.path, 'nvidia-smi');
  writeFileSync(
    tool,
    '#!/bin/sh\ncase "$1" in\n*compute-apps*) printf "17, 900\\n42, 1000\\n42, 24\\n";;\n*) printf "70.5\\n9.5\\n";;\nesac\n',
  );
  chmodSync(tool, 0o755);
  expect(processOnGpu(42, tool)).toEqual({ deviceMemoryBytes: 1024 * 2 ** 20, deviceWatts: 80 });
  expect(processOnGpu(43, tool)).toEqual({});
  expect(processOnGpu(42, join(place.path, 'no-such-tool'))).toEqual({});
});
