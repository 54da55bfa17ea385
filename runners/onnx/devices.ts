import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';

/** What a device name means to onnxruntime, as data. */
export interface Device {
  readonly name: 'cuda' | 'dml' | 'coreml' | 'webgpu' | 'cpu';
  readonly title: string;
  /** Whether one of several can be named (`cuda:1`). */
  readonly several?: boolean;
  /** The execution provider and its options; `index`: which of several. */
  readonly provider: (index: number) => { readonly name: string; readonly [option: string]: unknown };
  readonly platforms: readonly NodeJS.Platform[];
  /** Why it need not even be tried on this machine, from what can be seen without loading anything; null: try it. */
  readonly absent: (see: Seen) => string | null;
  /** Why `auto` passes it over although it would work; asked for by name it is used. */
  readonly slow?: (see: Seen) => string | null;
  /** What makes it available. */
  readonly hint: string;
}

/** What is looked at before a device is tried: replaced in tests. */
export interface Seen {
  readonly exists: (path: string) => boolean;
  readonly list: (folder: string) => readonly string[];
  readonly binaries: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const anywhere: readonly NodeJS.Platform[] = ['linux', 'darwin', 'win32'];

/** In the order `auto` tries them. */
export const devices: readonly Device[] = [
  {
    name: 'cuda',
    title: 'NVIDIA GPU (CUDA 12)',
    several: true,
    provider: (index) => ({ name: 'cuda', deviceId: index }),
    platforms: ['linux', 'win32'],
    absent: ({ exists, binaries }) => {
      const library = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
      if (process.platform === 'linux' && !exists('/dev/nvidiactl') && !exists('/dev/dxg')) return 'no NVIDIA driver (/dev/nvidiactl)';
      return exists(join(binaries, library)) ? null : `${library} is not installed`;
    },
    hint: 'npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12 fetches the CUDA provider (needs CUDA 12 and cuDNN 9)',
  },
  {
    name: 'dml',
    title: 'DirectX 12 GPU (DirectML)',
    several: true,
    provider: (index) => ({ name: 'dml', deviceId: index }),
    platforms: ['win32'],
    absent: () => null,
    hint: 'update the graphics driver',
  },
  {
    name: 'coreml',
    title: 'Apple GPU and neural engine (Core ML)',
    provider: () => ({ name: 'coreml' }),
    platforms: ['darwin'],
    absent: () => null,
    hint: 'use an Apple machine with macOS 12 or newer',
  },
  {
    name: 'webgpu',
    title: 'any GPU through WebGPU (Vulkan, Metal, Direct3D 12)',
    provider: () => ({ name: 'webgpu' }),
    platforms: anywhere,
    absent: ({ exists, list, env }) => {
      if (process.platform !== 'linux' || env.VK_ICD_FILENAMES || env.VK_DRIVER_FILES) return null;
      if (exists('/dev/nvidiactl') || exists('/dev/dxg') || list('/dev/dri').some((name) => name.startsWith('render'))) return null;
      return 'no GPU (/dev/dri, /dev/nvidiactl) and no Vulkan driver named (VK_ICD_FILENAMES)';
    },
    slow: ({ env }) => {
      const driver = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES ?? '';
      return /swiftshader|lvp|lavapipe|llvmpipe/i.test(driver)
        ? `the Vulkan driver named is a software one (${driver}), slower than the processor`
        : null;
    },
    hint: 'install a Vulkan driver (Debian: mesa-vulkan-drivers, libvulkan1)',
  },
  { name: 'cpu', title: 'processor', provider: () => ({ name: 'cpu' }), platforms: anywhere, absent: () => null, hint: '' },
];

/** What this machine shows. */
export function seenHere(env: Seen['env']): Seen {
  return {
    exists: existsSync,
    list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
    binaries: binariesFolder(),
    env,
  };
}

function binariesFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
}

export interface NamedDevice {
  readonly device: Device;
  readonly index: number;
}

/** Reads one device name (`cuda`, `cuda:1`); UserError for an unknown one. */
export function deviceNamed(name: string): NamedDevice {
  const match = /^([a-z]+)(?::(\d+))?$/.exec(name.trim());
  const device = devices.find((known) => known.name === match?.[1]);
  if (!device)
    throw new UserError(
      `there is no device '${name}'`,
      `use one of auto, ${devices.map((d) => d.name).join(', ')} (cuda:1 for the second GPU)`,
    );
  if (!device.platforms.includes(process.platform))
    throw new UserError(`device ${device.name} does not exist on ${process.platform}`, 'use --device auto');
  const index = Number(match?.[2] ?? 0);
  if (index > 0 && !device.several)
    throw new UserError(`device ${name.trim()}: onnxruntime lets ${device.name} use one device only`, `use --device ${device.name}`);
  return { device, index };
}

/** Why a device was passed over. */
export interface PassedOver {
  readonly device: string;
  readonly why: string;
}

/** One line: which device `auto` took, and why not the ones before it that this platform has. Empty where it took the first. */
export function fallbackLine({ name, passedOver }: Chosen): string {
  const here = passedOver.filter(({ why }) => !why.startsWith('not on '));
  return here.length === 0 ? '' : `on ${name}; passed over: ${here.map(({ device, why }) => `${device} (${why})`).join(', ')}`;
}

export interface Chosen extends NamedDevice {
  readonly name: string;
  readonly passedOver: readonly PassedOver[];
}

/**
 * Settles on one device. A name is taken or refused (UserError with what to do); `auto` takes the first that works and says why not the ones before it.
 * `probe`: tries a device for real and returns null or why it does not work.
 */
export async function choose(name: string, probe: (device: string) => Promise<string | null>, seen: Seen): Promise<Chosen> {
  if (name !== 'auto') {
    const named = deviceNamed(name);
    const why = named.device.name === 'cpu' ? null : (named.device.absent(seen) ?? (await probe(name)));
    if (why) throw new UserError(`device ${name} cannot be used: ${why}`, named.device.hint || 'use --device auto');
    return { ...named, name, passedOver: [] };
  }
  const passedOver: PassedOver[] = [];
  for (const device of devices) {
    if (!device.platforms.includes(process.platform)) {
      passedOver.push({ device: device.name, why: `not on ${process.platform}` });
      continue;
    }
    const why = device.name === 'cpu' ? null : (device.absent(seen) ?? device.slow?.(seen) ?? (await probe(device.name)));
    if (why === null) return { device, index: 0, name: device.name, passedOver };
    passedOver.push({ device: device.name, why });
  }
  throw new UserError('no device can be used', 'see `plumbline doctor`', 3);
}
