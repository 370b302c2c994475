/** The documentation is true where that can be checked: links, commands, options, and lists that must be complete. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/**/*.md', { cwd: ROOT })].sort();
const PROSE = PAGES.map((page) => ({ page, text: read(page) }));

/** Text outside code blocks, in which links are links. */
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** The anchors that a page has, as GitHub makes them from headings. */
const anchorsOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/ /g, '-'),
  );

describe.each(PROSE)('$page', ({ page, text }) => {
  it('has links that lead somewhere', () => {
    const dead = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
        if (!existsSync(file)) return true;
        return anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
      });
    expect(dead).toEqual([]);
  });

  it('names npm scripts and options that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);

    const known = read('cli/options.ts');
    const options = [...text.matchAll(/npm run (?:--silent )?scenario -- ([^\n#]*)/g)]
      .flatMap(([, rest = '']) => rest.match(/--[a-z]+/g) ?? [])
      .filter((option) => option !== '--help');
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});

it('has every scenario in the table of the README', () => {
  const ids = globSync('**/*.ts', { cwd: join(ROOT, 'scenarios') }).map((file) => file.replace(/\.ts$/, ''));
  const rows = [...read('README.md').matchAll(/^\| `([\w-]+\/[\w-]+)` +\|/gm)].map(([, id = '']) => id);
  expect(rows.sort()).toEqual(ids.filter((id) => !id.endsWith('.test')).sort());
});

it('explains every error code', () => {
  const codes = [...read('harness/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code = '']) => code);
  const explained = [...read('docs/troubleshooting.md').matchAll(/^## ([A-Z_]+)$/gm)].map(([, code = '']) => code);
  expect(codes.length).toBeGreaterThan(0);
  expect(explained.sort()).toEqual(codes.sort());
});
