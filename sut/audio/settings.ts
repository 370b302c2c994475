/** What can be changed while everything runs, kept in the database so that every worker sees it at its next job. */
import type { MeteredPool, Statement } from '../telemetry/postgres.ts';
import { apiStatements } from './statements.ts';

export interface Settings {
  /** How long a transcoding may take, in seconds of the pipeline's clock. */
  readonly ffmpeg_timeout_seconds: number;
}

/** The settings as somebody set them, else these. Throws DatabaseUnavailable. */
export async function readSettings(
  database: MeteredPool,
  defaults: Settings,
  statement: Statement = apiStatements.settings,
): Promise<Settings> {
  const rows = await database.query<{ name: keyof Settings; value: number }>(statement);
  return { ...defaults, ...Object.fromEntries(rows.map(({ name, value }) => [name, value])) };
}

/** From the next job on. Throws DatabaseUnavailable. */
export async function changeSettings(database: MeteredPool, changes: Settings): Promise<void> {
  for (const [name, value] of Object.entries(changes)) {
    await database.query(apiStatements.setSetting, [name, value]);
  }
}
