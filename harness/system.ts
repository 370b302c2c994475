/** A system under test: its services, what its monitoring promises, and how its own books are read. */

import type { ServiceDescription, Stack } from './stack/service.ts';
import type { Duration } from './units.ts';

export interface System {
  readonly name: string;
  readonly services: readonly ServiceDescription[];
  /** What may be booted beside them to look around: no scenario needs it (--with). */
  readonly extras?: readonly ServiceDescription[];
  /** Name of the service that traffic goes to. */
  readonly app: string;
  /** Names of the services whose /metrics must agree with the drivers and the ledger; default the app alone. */
  readonly counting?: readonly string[];
  /** How often production scrapes it; the widest scrape interval of its jobs. */
  readonly scrapeInterval: Duration;
  /** Folder of the production files: rules, dashboards, prometheus.yml, alertmanager.yml. */
  readonly monitoring: Monitoring;
  /**
   * Reads the system's own books (its database) after the load has drained, once what it has taken in is done with.
   * Numbers by name; invariants claim about them.
   */
  ledger(stack: Stack): Promise<Ledger>;
}

export interface Monitoring {
  /** Absolute paths. */
  readonly prometheusConfig: string;
  readonly alertmanagerConfig: string;
  readonly ruleFiles: readonly string[];
  readonly dashboardFiles: readonly string[];
  /** Every metric the system owes: name, type, labels. */
  readonly metrics: readonly CatalogMetric[];
}

export interface CatalogMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'rule';
  readonly labels: readonly string[];
}

export interface Ledger {
  /** e.g. { sold: 812, stock: 10000, oversold: 0, overLimit: 0, purchases: 812 }. */
  readonly counts: Readonly<Record<string, number>>;
  /** Identifiers of everything acknowledged (purchase codes), to compare with the driver's receipts. */
  readonly receipts: readonly string[];
}
