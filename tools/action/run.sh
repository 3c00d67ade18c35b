#!/usr/bin/env bash
# Runs one command for action.yml. Annotations, summary and outputs are the program's own: see src/cli/github_report.ts.
set -euo pipefail

# words, as a shell would see them without quotes; nothing in them is expanded
read -r -d '' -a words <<<"$ACTION_COMMAND" || true
read -r -d '' -a arguments <<<"$ACTION_ARGS" || true
if [[ -n $ACTION_CONFIG ]]; then words+=(--config "$ACTION_CONFIG"); fi
if [[ -n $ACTION_URL ]]; then export DELEMBIC_URL=$ACTION_URL; fi
exec "$ACTION_BINARY" "${words[@]}" "${arguments[@]+"${arguments[@]}"}"
