/** The dashboards of the audio network, in the order of the catalog. */
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { apiHealth } from './api-health.ts';
import { cachePerformance } from './cache-performance.ts';
import { dataQuality } from './data-quality.ts';
import { databaseHealth } from './database-health.ts';
import { errorAnalysis } from './error-analysis.ts';
import { pipeline } from './pipeline.ts';
import { searchPerformance } from './search-performance.ts';
import { systemHealth } from './system-health.ts';

export const audio: readonly DashboardBuilder[] = [
  apiHealth,
  pipeline,
  errorAnalysis,
  dataQuality,
  cachePerformance,
  databaseHealth,
  searchPerformance,
  systemHealth,
];
