#!/usr/bin/env bash
# Run directories read and written by other people's libraries: Arrow's own for Python, and safetensors'.
# Needs `npm ci` and Python 3.10 or newer with venv; makes its environment in .venv/interop.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "test/interop needs Python 3: there is no $python" >&2; exit 1; }
[ -x node_modules/.bin/esbuild ] || { echo "test/interop needs the packages: run npm ci first" >&2; exit 1; }

venv=.venv/interop
venv_python=$venv/bin/python
# Whole or not at all: an environment that a stopped run left half made is made anew.
if ! cmp -s test/interop/requirements.txt "$venv/installed.txt"; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv_python" -m pip install --quiet --disable-pip-version-check -r test/interop/requirements.txt
  cp test/interop/requirements.txt "$venv/installed.txt"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/sigmascope-interop-XXXXXX")
trap 'rm -rf "$work"' EXIT
node_modules/.bin/esbuild test/interop/runDirectory.ts --bundle --platform=node --format=esm \
  --target=node20 --outfile="$work/runDirectory.mjs" --log-level=warning

node "$work/runDirectory.mjs" write "$work/ours"
"$venv_python" test/interop/run_directory.py read "$work/ours"
"$venv_python" test/interop/run_directory.py write "$work/theirs"
node "$work/runDirectory.mjs" read "$work/theirs"
"$venv_python" test/interop/run_directory.py example docs/run-directory.md "$work/ours/run"

# The same page's example on a run whose telemetry a kill left torn.
cp "$work/ours/killed.arrows" "$work/ours/run/telemetry.arrows"
"$venv_python" test/interop/run_directory.py example docs/run-directory.md "$work/ours/run"
