/**
 * Ctrl-C, SIGTERM and a closed terminal end a run in order: heal, tear down, journal. A second signal ends it at once; the
 * services die with us even then.
 *
 * One Ctrl-C under npm arrives twice, from the terminal and from npm passing it on, so a second signal counts only once
 * the first is a moment old.
 */
const ECHO_MS = 1_000;

export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        process.stderr.write('\nInterrupted: putting everything back. Once more ends it at once.\n');
        controller.abort();
      } else if (performance.now() - first > ECHO_MS) process.exit(130);
    });
  }
  return controller.signal;
}
