#!/bin/sh
# Installs what package-lock.json names when node_modules is missing or older than the lock.
# Plain sh, run by npm scripts before anything that needs a package: a fresh machine has only npm
# and an older Node, and Node 24 itself is one of the packages.
set -eu
cd "$(dirname "$0")/.."
# npm ci would empty the folder behind a link, which belongs to another clone.
if [ -L node_modules ]; then exit 0; fi
stamp=node_modules/.package-lock.json
if [ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && [ -x node_modules/.bin/node ]; then
  exit 0
fi
echo "hearth: installing the locked packages (npm ci)" >&2
# Standard output belongs to the program that runs next; no package needs an install script here.
npm ci --loglevel=error --no-audit --no-fund --ignore-scripts >/dev/null
