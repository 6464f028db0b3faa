# What the start scripts share; each sources it, and ends in `run PROGRAM ARGS`.
#
# Takes --port, --core and --build-dir off the arguments; what is left is in `further`.
set -euo pipefail

servers="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
root="$(readlink -f "$servers/../../..")"
build_dir="$root/build/release"
port=""
core=""
further=()

fail() {
  echo "$(basename "$(dirname "$0")"): $*" >&2
  exit 1
}

while (($# > 0)); do
  case "$1" in
    --port) port="${2:?--port wants a number}" && shift 2 ;;
    --core) core="${2:?--core wants a number}" && shift 2 ;;
    --build-dir) build_dir="$(readlink -f "${2:?--build-dir wants a folder}")" && shift 2 ;;
    *) further+=("$1") && shift ;;
  esac
done
[[ "$port" =~ ^[0-9]+$ ]] || fail "usage: start --port PORT [--core CORE] [--build-dir DIR] ..."

# Becomes the server, so that whoever started it measures and stops it by the process id it knows.
# Variables that would configure the server stay outside.
run() {
  local pinned=()
  if [[ -n "$core" ]]; then pinned=(taskset -c "$core"); fi
  exec env -i PATH="$PATH" LANG=C.UTF-8 NODE_ENV=production "${pinned[@]}" "$@" "${further[@]}"
}

# A program of the build folder.
run_built() {
  [[ -x "$build_dir/$1" ]] || fail "there is no $build_dir/$1: ./dev bench builds it"
  run "$build_dir/$1" "${@:2}"
}

run_node() {
  [[ -d "$servers/node_modules" ]] || fail "its packages are missing: bench/macro/servers/prepare"
  run node "$@"
}
