import { expect, test } from 'vitest';
import { choose, deviceNamed, type Seen } from '../runners/onnx/devices.ts';

const bare: Seen = { exists: () => false, list: () => [], binaries: '/none', env: {} };
const rich: Seen = { ...bare, exists: () => true };

test('auto passes over what is not there and says why', async () => {
  const chosen = await choose('auto', async () => null, bare);
  expect(chosen.name).toBe(process.platform === 'linux' ? 'cpu' : chosen.name);
  if (process.platform === 'linux') expect(chosen.passedOver.map((p) => p.device)).toEqual(['cuda', 'dml', 'coreml', 'webgpu']);
  for (const { why } of chosen.passedOver) expect(why).not.toBe('');
});

test.runIf(process.platform === 'linux')('auto takes the first device that really works', async () => {
  const chosen = await choose('auto', async (device) => (device === 'cuda' ? 'CUDA failure 35: driver too old' : null), rich);
  expect(chosen.name).toBe('webgpu');
  expect(chosen.passedOver).toContainEqual({ device: 'cuda', why: 'CUDA failure 35: driver too old' });
});

test.runIf(process.platform === 'linux')('auto passes over a software driver and says so; by name it is used', async () => {
  const software = { ...bare, env: { VK_DRIVER_FILES: '/usr/lib/chromium/vk_swiftshader_icd.json' } };
  const chosen = await choose('auto', async () => null, software);
  expect(chosen.name).toBe('cpu');
  expect(chosen.passedOver.find(({ device }) => device === 'webgpu')?.why).toMatch(/software/);
  expect((await choose('webgpu', async () => null, software)).name).toBe('webgpu');
});

test.runIf(process.platform === 'linux')('a named device that does not work is refused with what to do, never replaced', async () => {
  await expect(choose('cuda', async () => null, bare)).rejects.toMatchObject({
    name: 'UserError',
    exit: 2,
    hint: expect.stringContaining('npm rebuild onnxruntime-node'),
  });
  await expect(choose('webgpu', async () => 'no adapter', rich)).rejects.toThrow(/device webgpu cannot be used: no adapter/);
});

test('device names', () => {
  expect(deviceNamed('cuda:1').index).toBe(1);
  expect(() => deviceNamed('gpu')).toThrow(/there is no device 'gpu'/);
});
