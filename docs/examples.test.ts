/** Examples in the documentation compile: code blocks whose first line is the path they would have. */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

it('shows examples that compile', async () => {
  const pages = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/*.md', { cwd: ROOT })];
  const examples = pages.flatMap((page) =>
    [...read(page).matchAll(/^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```/gm)].map(([, path = '', code = '']) => ({
      path,
      code,
    })),
  );
  expect(examples.length).toBeGreaterThan(0);
  // A copy of the tree that consists of links, in which the examples lie where they say they lie.
  const folder = mkdtempSync(join(tmpdir(), 'docs-examples-'));
  try {
    const linked = globSync('{assertions,chaos,harness,load,monitoring,sut}/**/*.{ts,json}', { cwd: ROOT });
    for (const file of [...linked, 'node_modules', 'package.json']) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      symlinkSync(join(ROOT, file), join(folder, file));
    }
    for (const { path, code } of examples) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), code);
    }
    const { compilerOptions } = JSON.parse(read('tsconfig.json')) as { compilerOptions: object };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { ...compilerOptions, preserveSymlinks: true },
        files: examples.map(({ path }) => path),
      }),
    );
    const { exitCode, all } = await execa('tsc', ['-p', folder], {
      cwd: folder,
      preferLocal: true,
      localDir: ROOT,
      reject: false,
      all: true,
    });
    expect(exitCode, all).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
