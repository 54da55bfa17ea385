import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../types.ts';
import { makeFolder } from './run-folder.ts';

/** Who holds a folder: the process, its machine, and when it started where the system tells, as numbers of processes are given out again. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
}

/** When a process started, in ticks since the machine did; '' where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function alive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return now === '' || started === '' || now === started;
}

function holderIn(path: string): Holder | null {
  try {
    const [pid, host = '', started = ''] = readFileSync(path, 'utf8').split('\n');
    return { pid: Number(pid), host, started };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Puts the lock in its place with its content, or not at all. */
function taken(path: string): boolean {
  const own = `${process.pid}\n${hostname()}\n${startOf(process.pid)}\n`;
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, own);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(code ?? '')) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return takenPlainly(path, own);
}

/** For file systems without links. */
function takenPlainly(path: string, own: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, own);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead process's lock out of the way. Of several that try, one succeeds; a lock that came meanwhile is put back. */
function cleared(path: string, dead: Holder): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
    const moved = holderIn(aside);
    if (moved && (moved.pid !== dead.pid || moved.started !== dead.started)) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Takes the folder for this process; another live process in it, here or on another machine, is an error. A dead one's lock is taken over. */
export function lock(folder: string): Disposable {
  const path = join(folder, 'run.lock');
  makeFolder(folder);
  for (let tries = 0; tries < 20; tries++) {
    if (taken(path)) return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    const holder = holderIn(path);
    if (!holder || holder.pid === process.pid) {
      if (holder) cleared(path, holder);
      continue;
    }
    const elsewhere = holder.host !== '' && holder.host !== hostname();
    if (elsewhere)
      throw new UserError(
        `${folder} is in use by process ${holder.pid} on ${holder.host}`,
        `wait for it, write to another folder with -o, or remove ${path} when that process is gone`,
      );
    if (alive(holder))
      throw new UserError(`${folder} is in use by process ${holder.pid}`, 'wait for it, or write to another folder with -o');
    cleared(path, holder);
  }
  throw new UserError(`${folder} cannot be locked: others take and leave it all the time`, 'write to another folder with -o');
}
