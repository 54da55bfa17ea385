import { UserError } from './types.ts';

/** A one-dimensional array of a NumPy file (.npy, version 1 to 3): whole and floating numbers, booleans, fixed-length text. */
export function arrayIn(bytes: Buffer, where: string): (number | boolean | string)[] {
  if (bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY') throw new UserError(`${where}: not a NumPy file`);
  const long = (bytes[6] ?? 1) > 1;
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = (long ? 12 : 10) + length;
  const header = bytes.subarray(long ? 12 : 10, start).toString('utf8');
  const kind = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header);
  const count = Number(/'shape':\s*\((\d+),?\s*\)/.exec(header)?.[1]);
  if (!kind || !Number.isInteger(count))
    throw new UserError(`${where}: a NumPy array that is not understood (${header.trim()})`, 'expected one dimension of numbers or text');
  const [, order, type, digits] = kind;
  const size = type === 'U' ? 4 * Number(digits) : Number(digits);
  const little = order !== '>';
  if (start + count * size > bytes.length) throw new UserError(`${where}: the file is cut off`);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    if (type === 'b') return bytes[at] === 1;
    if (type === 'U')
      return Array.from({ length: Number(digits) }, (__, c) => (little ? bytes.readUInt32LE(at + 4 * c) : bytes.readUInt32BE(at + 4 * c)))
        .filter((code) => code > 0)
        .map((code) => String.fromCodePoint(code))
        .join('');
    if (type === 'S')
      return bytes
        .subarray(at, at + size)
        .toString('utf8')
        .replace(/\0+$/, '');
    if (type === 'f')
      return size === 8
        ? little
          ? bytes.readDoubleLE(at)
          : bytes.readDoubleBE(at)
        : little
          ? bytes.readFloatLE(at)
          : bytes.readFloatBE(at);
    if (type === 'i' && size === 8) return Number(little ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at));
    if (type === 'i') return little ? bytes.readIntLE(at, size) : bytes.readIntBE(at, size);
    if (type === 'u' && size <= 6) return little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
    throw new UserError(`${where}: numbers of type ${type}${digits} are not understood`);
  });
}
