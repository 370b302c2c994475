/**
 * Ctrl-C, SIGTERM and a closed terminal end a run in order: heal, tear down, journal. A second signal ends it at once; the
 * services die with us even then.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write('\nInterrupted: putting everything back. Once more ends it at once.\n');
      controller.abort();
    });
  }
  return controller.signal;
}
