/** Writes docs/run-json.schema.json from the zod schema. `node reports/schema.ts`; a test keeps the file fresh. */
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { runJsonSchema } from './run-json.ts';

export const SCHEMA_FILE = new URL('../docs/run-json.schema.json', import.meta.url);

/** The JSON Schema (draft 2020-12) of run.json, as the committed file holds it. */
export function jsonSchema(): string {
  const schema = { title: 'firedrill run.json', ...z.toJSONSchema(runJsonSchema) };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) await writeFile(SCHEMA_FILE, jsonSchema());
