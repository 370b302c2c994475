#!/bin/sh
# As in the official image: options are node's.
case "${1:-}" in
  -*) set -- node "$@" ;;
esac
exec "$@"
