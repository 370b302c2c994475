/** A migration that went wrong: a table gets another name while the app still uses the old one. */
import { FiredrillError, messageOf } from '../harness/errors.ts';
import type { Fault } from '../harness/fault.ts';
import { aName } from './arguments.ts';
import { unlessAborted, until } from './patience.ts';
import { POSTGRES, quoted, tableExists, withSession } from './postgres.ts';

const SUFFIX = '_renamed';
const HEAL_WITHIN_MS = 20_000;

/** Throws BAD_OPTION. */
export function renameTable(table: string): Fault {
  aName(table, 'renameTable: table');
  const renamed = `${table}${SUFFIX}`;
  return {
    name: 'renameTable',
    description: `A migration renames the table ${table}, which the app still uses (ALTER TABLE … RENAME).`,
    targets: [POSTGRES],
    async inject(stack, signal) {
      unlessAborted(signal);
      await withSession(stack, 'renameTable', (client) => client.query(rename(table, renamed))).catch(
        (error: unknown) => {
          throw new FiredrillError('FAULT_FAILED', `${table} was not renamed: ${messageOf(error)}`, { cause: error });
        },
      );
      return {
        proof: () =>
          withSession(stack, 'proof', async (client) => {
            const there = await tableExists(client, table);
            return {
              held: !there,
              seen: `the table ${table} is ${there ? 'there' : 'not there'}`,
              source: 'to_regclass',
            };
          }),
        // Under load the rename has to wait for its lock, so it is tried until it gets through.
        heal: () =>
          until(
            `the table ${table} is back under its name`,
            () =>
              withSession(stack, 'heal', async (client) => {
                if (await tableExists(client, table)) return true;
                await client.query(rename(renamed, table));
                return tableExists(client, table);
              }),
            { withinMs: HEAL_WITHIN_MS },
          ),
      };
    },
  };
}

/** RENAME takes the new name without its schema. */
const rename = (from: string, to: string): string =>
  `alter table ${quoted(from)} rename to ${quoted(to.slice(to.lastIndexOf('.') + 1))}`;
