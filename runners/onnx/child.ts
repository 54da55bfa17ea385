/** The process that holds one model. It is forked by child-handle.ts, hears ToChild and says FromChild; it dies with its parent. */
import { answer } from './answer.ts';
import { openMeter } from './cost.ts';
import { choose, deviceNamed, fallbackLine, seenHere } from './devices.ts';
import { errorMessage, type FromChild, type Opening, type Question, type ToChild } from './ipc.ts';
import { type LocalModel, openLocalModel } from './model.ts';
import { probe } from './probe.ts';
import { about, reply } from './questions.ts';

const meter = openMeter();
let model: LocalModel | null = null;
let opening: Opening | null = null;
/** Messages are handled one after the other. */
let turn: Promise<void> = Promise.resolve();
const cancelled = new Set<number>();

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

const say = (message: string): void => tell({ kind: 'say', message });

async function open(given: Opening): Promise<void> {
  const started = performance.now();
  opening = given;
  const device = await choose(given.device, (name) => probe(deviceNamed(name)), seenHere(given.env));
  const fallback = fallbackLine(device);
  if (fallback) say(fallback);
  let last = 0;
  const progress = (what: string, done: number, total: number) => {
    const now = performance.now();
    if (now - last < 200 && done < total) return;
    last = now;
    tell({ kind: 'progress', what, done, total });
  };
  model = await openLocalModel(given, device, { say, progress });
  meter.opened(performance.now() - started);
  tell({ kind: 'opened', about: about(model) });
}

function opened(): LocalModel {
  if (!model) throw new Error('asked before a model was open');
  return model;
}

async function ask({ batch, requests }: Extract<ToChild, { kind: 'ask' }>): Promise<void> {
  const asked = opened();
  meter.begun();
  for await (const pair of answer(asked, requests, {
    system: opening?.system,
    meter,
    say,
    stopped: () => cancelled.has(batch),
    busy: (indices) => tell({ kind: 'busy', batch, indices }),
  }))
    tell({ kind: 'answer', batch, answers: [pair] });
  tell({ kind: 'done', batch });
}

async function question(id: number, asked: Question): Promise<void> {
  if (asked.ask === 'generate' || asked.ask === 'trace') meter.begun();
  tell({ kind: 'reply', id, value: await reply(opened(), asked, { meter, say, system: opening?.system }) });
}

async function handle(message: ToChild): Promise<void> {
  const id = message.kind === 'question' ? message.id : undefined;
  try {
    if (message.kind === 'open') await open(message.opening);
    else if (message.kind === 'probe') tell({ kind: 'reply', id: 0, value: await probe(deviceNamed(message.device)) });
    else if (message.kind === 'ask') await ask(message);
    else if (message.kind === 'question') await question(message.id, message.question);
  } catch (error) {
    tell(errorMessage(error, id));
  }
}

process.on('message', (message: ToChild) => {
  if (message.kind === 'cancel') cancelled.add(message.batch);
  else turn = turn.then(() => handle(message));
});
// Ctrl-C reaches the whole terminal group: what happens then is the parent's decision.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
