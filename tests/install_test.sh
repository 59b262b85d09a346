#!/usr/bin/env bash
# Install into a folder, build the embedding example against it as a stranger would, and run it.
#   install_test.sh BUILD_DIR SOURCE_DIR
set -euo pipefail
build=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
# A program that links a library with sanitizers has them too.
cmake -S "$source/examples/embed" -B "$work/embed" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_CXX_FLAGS="${GLAUX_SANITIZE:+-fsanitize=$GLAUX_SANITIZE}" >/dev/null
cmake --build "$work/embed" >/dev/null
mkdir "$work/data"
"$work/embed/embed" "$work/data" | tee "$work/out"
grep -qx 'wrote 3 rows into s3://lake/sales/orders/' "$work/out"
grep -qx 'add column coupon: string' "$work/out"
grep -qx '3 DE' "$work/out"
grep -qx 'loaded 1 rows' "$work/out"
"$work/prefix/bin/glaux" --lake "$work/data/lake" query --format csv "SELECT count(*) AS n FROM sales.orders" | grep -qx 5
# Every public header compiles alone.
arrow=$(sed -n 's/.*set(GLAUX_PYARROW "\(.*\)")/\1/p' "$build/glauxConfig.cmake")
for header in "$work"/prefix/include/glaux/*/*.h "$work"/prefix/include/glaux/*/*/*.h; do
  g++ -std=c++20 -fsyntax-only -x c++ -I"$work/prefix/include" ${arrow:+-isystem "$arrow/include"} "$header" ||
    { echo "header does not compile alone: $header"; exit 1; }
done
echo "install: ok"
