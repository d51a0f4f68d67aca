#!/usr/bin/env bash
# The double-precision reference of test/reference/ against PyTorch: every cell, head and optimizer.
# Needs `npm ci` and Python 3.10 or newer with PyTorch: PYTHON=path/to/python test/interop/torch.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
"$python" -c "import torch" 2>/dev/null || { echo "test/interop/torch.sh needs PyTorch: $python cannot import torch" >&2; exit 1; }
[ -x node_modules/.bin/esbuild ] || { echo "test/interop needs the packages: run npm ci first" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/sigmascope-torch-XXXXXX")
trap 'rm -rf "$work"' EXIT
node_modules/.bin/esbuild test/interop/torchReference.ts --bundle --platform=node --format=esm \
  --target=node20 --outfile="$work/torchReference.mjs" --log-level=warning
node "$work/torchReference.mjs" "$work/cases.json"
"$python" test/interop/torch_reference.py "$work/cases.json"
