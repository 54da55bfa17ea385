/** The process that holds one model in llama.cpp: a native abort ends it, not the run. It dies with its parent. */
import { UserError } from '../../src/types.ts';
import { Engine } from './engine.ts';
import type { FromChild, ToChild } from './ipc.ts';

let engine: Engine | null = null;
/** Messages are handled one after the other. */
let turn: Promise<void> = Promise.resolve();
const cancelled = new Set<number>();

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

async function handle(message: ToChild): Promise<void> {
  try {
    if (message.kind === 'open') {
      engine = await Engine.open(message.opening);
      tell({ kind: 'opened', about: engine.about });
    } else if (message.kind === 'show' && engine) tell({ kind: 'shown', id: message.id, ...engine.show(message.prompt) });
    else if (message.kind === 'ask') {
      const { batch, requests } = message;
      await engine?.answer(
        requests,
        (index, response) => tell({ kind: 'answer', batch, index, response }),
        () => cancelled.has(batch),
      );
      tell({ kind: 'done', batch });
    }
  } catch (error) {
    const { message: text, stack } = error as Error;
    tell({ kind: 'failed', message: text, hint: error instanceof UserError ? (error.hint ?? '') : null, ...(stack && { stack }) });
  }
}

process.on('message', (message: ToChild) => {
  if (message.kind === 'cancel') cancelled.add(message.batch);
  else turn = turn.then(() => handle(message));
});
// Ctrl-C reaches the whole terminal group: what happens then is the parent's decision.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
