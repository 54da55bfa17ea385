/** A process that does parts of shared work (`shared-work.ts`), one after the other, until the one that started it ends. */
import { type FromChild, failedOf, type Prepare, type ToChild } from './shared-work.ts';

let make: Promise<(part: unknown) => Promise<unknown>> | null = null;
const tell = (told: FromChild) => process.send?.(told);

async function prepared(module: string, given: unknown) {
  const { default: prepare } = (await import(module)) as { default: Prepare<unknown, unknown, unknown> };
  return prepare(given);
}

process.on('message', async (told: ToChild) => {
  try {
    if ('module' in told) {
      make = prepared(told.module, told.given);
      await make;
    } else tell({ made: await (await make)?.(told.part) });
  } catch (error) {
    tell({ failed: failedOf(error) });
  }
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal's group; the one that started this ends it.
process.on('SIGINT', () => {});
