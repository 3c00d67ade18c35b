#!/usr/bin/env bash
# The first step of action.yml: fetches the executable of a release for this runner and verifies its checksum, or takes
# the one that is given. Says where it is, and puts it on the PATH of later steps.
set -euo pipefail

fail() {
  echo "::error title=Delembic::$1"
  exit 1
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

# the path as all shells of the system understand it
native() {
  if command -v cygpath >/dev/null; then cygpath -w "$1"; else echo "$1"; fi
}

use() {
  "$1" --version || fail "The executable does not run on this system; on Linux it needs glibc 2.28 or later."
  echo "binary=$(native "$1")" >>"$GITHUB_OUTPUT"
  native "$(dirname "$1")" >>"$GITHUB_PATH"
}

if [[ -n $ACTION_BINARY ]]; then
  [[ -f $ACTION_BINARY ]] || fail "The input 'binary' names no file."
  use "$(cd "$(dirname "$ACTION_BINARY")" && pwd)/$(basename "$ACTION_BINARY")"
  exit
fi

version=$ACTION_VERSION
if [[ -z $version ]]; then
  version=$(sed -nE 's/^ *"version": "([^"]+)".*/\1/p' "$GITHUB_ACTION_PATH/deno.json")
fi
[[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || fail "The input 'version' is a number as 0.1.0, or latest."

program=delembic
case $RUNNER_OS-$RUNNER_ARCH in
  Linux-X64) target=x86_64-unknown-linux-gnu ;;
  Linux-ARM64) target=aarch64-unknown-linux-gnu ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  # Windows on ARM runs it too
  Windows-*) target=x86_64-pc-windows-msvc program=delembic.exe ;;
  *) fail "There is no executable for $RUNNER_OS on $RUNNER_ARCH; name your own with the input 'binary'." ;;
esac

archive=delembic-$target.tar.gz
case $version in
  latest) from=$ACTION_DOWNLOAD_URL/latest/download ;;
  *) from=$ACTION_DOWNLOAD_URL/download/v${version#v} ;;
esac
folder=$(mktemp -d "$RUNNER_TEMP/delembic-XXXXXX")
cd "$folder"
for file in SHA256SUMS "$archive"; do
  curl --fail --silent --show-error --location --retry 3 --output "$file" "$from/$file" ||
    fail "Cannot fetch $from/$file"
done
expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' SHA256SUMS)
[[ -n $expected ]] || fail "SHA256SUMS of the release does not name $archive"
[[ $(sha256 "$archive") == "$expected" ]] ||
  fail "$archive is not the file that the release was made with: its SHA-256 is another one."
tar -xzf "$archive" "$program"
rm "$archive" SHA256SUMS
use "$PWD/$program"
