#!/bin/sh
# Makes a fresh checkout able to run: npm dependencies (with the pinned Node), when they are missing or older than the lock
# file. Programs beside them (postgres, prometheus ...) are the business of the harness, which knows what a run needs.
# With --with-tests or --with-bench it also sees to the programs that the tests or the benchmarks use.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.firedrill-installed
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "Installing npm dependencies ..." >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
fi

for option in "$@"; do
  case "$option" in
    --with-*) node_modules/.bin/node tools/programs.ts "${option#--with-}" ;;
    *) echo "setup.sh: unknown option $option" >&2; exit 2 ;;
  esac
done
