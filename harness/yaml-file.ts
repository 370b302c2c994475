/**
 * A YAML file whose every value knows its line, so that a refusal can say `rules/flash-sale.yml:41`.
 */
import { isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, stringify } from 'yaml';
import type { z } from 'zod';
import { FiredrillError } from './errors.ts';

export type Path = readonly PropertyKey[];

export interface YamlFile<T> {
  readonly value: T;
  /** Line (from 1) of the value at `path`, or of the nearest value above it that is written in the file. */
  line(path: Path): number;
  /** 'file:line' of the same. */
  at(path: Path): string;
}

/** Reads and validates. Anchors and merge keys are resolved. Throws RULES_UNREADABLE with file:line. */
export function readYaml<S extends z.ZodType>(text: string, file: string, schema: S): YamlFile<z.infer<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) {
    throw unreadable(`${file}:${lines.linePos(broken.pos[0]).line}: expected YAML: ${broken.message}`, broken);
  }
  const line = (path: Path): number => lineOf(document.contents, path, lines);
  const at = (path: Path): string => `${file}:${line(path)}`;
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    throw unreadable(`${at(path)}: ${path.length === 0 ? 'the file' : path.join('.')}: ${issue?.message ?? 'invalid'}`);
  }
  return { value: parsed.data, line, at };
}

/** Writes what was read; strings that older YAML takes for booleans are quoted, shared values are written out. */
export function writeYaml(value: unknown): string {
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

export function unreadable(message: string, cause?: unknown): FiredrillError {
  return new FiredrillError('RULES_UNREADABLE', message, cause === undefined ? undefined : { cause });
}

function lineOf(contents: unknown, path: Path, lines: LineCounter): number {
  let node: unknown = contents;
  let start = isNode(node) ? offset(node) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      // The key's line: a block scalar's own text begins on the next one.
      if (isNode(pair.key)) start = offset(pair.key) ?? start;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isNode(node)) start = offset(node) ?? start;
    } else break;
  }
  return lines.linePos(start ?? 0).line;
}

const offset = (node: Node): number | undefined => node.range?.[0];
