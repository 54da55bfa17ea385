#!/usr/bin/env node
// Nothing is imported before it is named: `--help` loads this file and the table of commands alone.
import { commands, suggestion } from './commands.ts';

const [name, ...rest] = process.argv.slice(2);

function help(): string {
  const width = Math.max(...Object.keys(commands).map((key) => key.length)) + 2;
  const lines = Object.entries(commands).map(([key, summary]) => `  ${key.padEnd(width)}${summary}`);
  return `plumbline: can this small language model be trusted, and how sure is that?

Usage: plumbline <command> [options]

${lines.join('\n')}

Start here:
  plumbline run model.gguf              a scorecard, offline
  plumbline run demo --preset demo      the same on a small public model
  plumbline <command> --help            options and an example

Exit codes: 0 fine · 1 gate failed · 2 wrong use · 3 run error or incomplete · 4 undecided · 130 interrupted
No telemetry, no account, no judge needed.
`;
}

if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(help());
} else if (name === '--version' || name === '-V') {
  const { version } = await import('./version.ts');
  process.stdout.write(`${version()}\n`);
} else if (!(name in commands)) {
  const near = suggestion(name, Object.keys(commands));
  process.stderr.write(
    `plumbline: there is no command '${name}'${near ? `; did you mean '${near}'?` : ''}\n  plumbline --help lists them\n`,
  );
  process.exitCode = 2;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(name, rest);
}
