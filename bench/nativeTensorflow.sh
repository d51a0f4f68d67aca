#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node's binding against the libtensorflow of PyPI's tensorflow wheel, for machines that reach
# npm and PyPI but not the host from which tfjs-node fetches its own.
#
#   bash bench/nativeTensorflow.sh DIR      DIR is made; 3 GB. Then: --tensorflow-folder DIR
#
# TFJS_NODE, TENSORFLOW and NODE_API_HEADERS set other versions than those that were seen to fit.
set -euo pipefail

tfjs_node=${TFJS_NODE:-4.22.0}
tensorflow=${TENSORFLOW:-2.21.0}
headers=${NODE_API_HEADERS:-1.9.0}
dir=${1:?"usage: bash bench/nativeTensorflow.sh DIR"}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

echo "== PyPI's tensorflow $tensorflow"
[ -x "$dir/venv/bin/pip" ] || python3 -m venv "$dir/venv"
# Only the library and its headers are wanted, not what Python needs beside them.
"$dir/venv/bin/pip" install --quiet --no-deps "tensorflow==$tensorflow"
wheel=$("$dir/venv/bin/python" -c 'import importlib.util; print(importlib.util.find_spec("tensorflow").submodule_search_locations[0])')

echo "== tfjs-node $tfjs_node, without its own library"
[ -f "$dir/package.json" ] || echo '{ "private": true }' >"$dir/package.json"
npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --silent \
  "@tensorflow/tfjs-node@$tfjs_node" "node-api-headers@$headers"
package="$dir/node_modules/@tensorflow/tfjs-node"
# Where tfjs-node looks: the highest version of Node-API that both it and this Node know.
binding=$(cd "$package" && node -p 'require("@mapbox/node-pre-gyp").find(require("node:path").resolve("package.json"))')
napi=$(basename "$(dirname "$binding")")
mkdir -p "$(dirname "$binding")"

echo "== binding ($napi)"
# As its binding.gyp has it, with the wheel's names of the libraries.
"${CXX:-g++}" -std=c++17 -O2 -shared -fPIC -DNAPI_VERSION="${napi#napi-v}" \
  -I "$dir/node_modules/node-api-headers/include" -I "$wheel/include" -I "$package/binding" \
  "$package/binding/tfjs_backend.cc" "$package/binding/tfjs_binding.cc" -o "$binding" \
  -L "$wheel" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,"$wheel"

echo "== it loads and multiplies"
cd "$dir"
TF_CPP_MIN_LOG_LEVEL=2 node -e '
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf = require("@tensorflow/tfjs-node");
  const [sum] = tf.matMul(tf.ones([3, 4]), tf.ones([4, 5])).sum().dataSync();
  if (tf.getBackend() !== "tensorflow" || sum !== 60) throw new Error(`${tf.getBackend()}: ${sum}`);
  console.log(`backend ${tf.getBackend()}, tfjs-node ${tf.version["tfjs-node"]}: good`);
'
