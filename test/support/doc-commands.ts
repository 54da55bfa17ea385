/** Commands that the documents tell people to type. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cli.ts';

export interface Block {
  readonly file: string;
  readonly language: string;
  readonly text: string;
}
export interface DocCommand {
  readonly file: string;
  readonly line: string;
}

export const documents: readonly string[] = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .map((name) => join('docs', String(name)))
    .filter((name) => name.endsWith('.md'))
    .sort(),
];
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Every fenced block. */
export function blocks(): Block[] {
  return documents.flatMap((file) =>
    [...textOf(file).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ file, language, text })),
  );
}

const typed = /(?:^|[\s"'(])(?:plumbline|npx|npm|git|node) /;

/** Lines of blocks that are commands: of shell blocks all, of CI's YAML what stands behind `run:`, in a `script:` list or in `args:`. */
export function blockCommands(): DocCommand[] {
  return blocks().flatMap(({ file, language, text }) => {
    const lines = text.split('\n').filter((line) => typed.test(line) && !line.startsWith('#'));
    if (language === 'yaml')
      return lines.flatMap((line) => {
        const [, command] = /^\s*(?:- run: |args: \['|- )(npx .*?)(?:'\])?$/.exec(line) ?? [];
        return command === undefined ? [] : [{ file, line: command }];
      });
    return language === '' || language === 'bash' ? lines.map((line) => ({ file, line: line.replace(/\s+#.*$/, '').trim() })) : [];
  });
}

/** Commands in running text: `plumbline …`. */
export function inlineCommands(): DocCommand[] {
  return documents.flatMap((file) =>
    [
      ...textOf(file)
        .replace(/^```[\s\S]*?^```$/gm, '')
        .matchAll(/`((?:npx )?plumbline(?:-eval)? [a-z][^`]*)`/g),
    ].map(([, line = '']) => ({ file, line })),
  );
}

/** Words of a shell line, as far as documents use the shell. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:"((?:\\.|[^"\\])*)"|'([^']*)'|((?:\\.|[^\s"'])+))+/g)].map(([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  );

/** Argument lists of plumbline in a line. */
export function argumentsIn(line: string): string[][] {
  return line.split(/\s(?:&&|\|\||;|\||>)\s/).flatMap((part) => {
    const [, rest] = /^\s*(?:npm run -s plumbline --|npx(?: --yes)? plumbline-eval|plumbline)\s+(.*)$/.exec(part) ?? [];
    return rest === undefined ? [] : [wordsOf(rest)];
  });
}
