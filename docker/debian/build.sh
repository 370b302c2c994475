#!/bin/sh
# Builds stand-ins for the official images from Debian's packages, for machines that reach a Debian mirror but no image
# registry: `npm run images`. They get the names of the official images behind a prefix, so that a run finds them with
#
#   FIREDRILL_IMAGE_PREFIX=firedrill.local/debian npm run scenario -- --runtime containers
#
# Needs root, a container engine with its docker command, and debootstrap. What has been built already is left alone.
# Grafana is not among Debian's packages and has no stand-in.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

prefix=${FIREDRILL_IMAGE_PREFIX:-firedrill.local/debian}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${DEBIAN_SUITE:-bookworm}

fail() {
  echo "build.sh: $*" >&2
  exit 2
}
command -v docker >/dev/null || fail "there is no docker command; install docker.io (Debian, Ubuntu) or Docker."
docker info >/dev/null 2>&1 || fail "no container engine answers; start one (as root: dockerd, or systemctl start docker)."
[ -x "$root/node_modules/.bin/node" ] || fail "the npm dependencies are not installed; run npm ci first."

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT INT TERM

# The base: debootstrap's smallest Debian, with this machine's certificates, because behind a proxy that signs for itself
# the containers have to trust what the machine trusts.
base=firedrill/debian-base:$suite
if ! docker image inspect "$base" >/dev/null 2>&1; then
  command -v debootstrap >/dev/null || fail "there is no debootstrap; install it with apt-get install debootstrap."
  [ "$(id -u)" -eq 0 ] || fail "debootstrap needs root."
  echo "Making a Debian base image from $mirror ..." >&2
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$context/base" "$mirror" >"$context/debootstrap.log" ||
    { tail -5 "$context/debootstrap.log" >&2; fail "debootstrap failed."; }
  cp -L /etc/ssl/certs/ca-certificates.crt "$context/base/etc/ssl/certs/ca-certificates.crt"
  rm -rf "$context/base/var/cache/apt/archives"/*.deb
  # As Debian's own images have it: package lists stay small, and no daemon starts where it is installed.
  printf 'Acquire::GzipIndexes "true";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n' \
    >"$context/base/etc/apt/apt.conf.d/small"
  rm -rf "$context/base/var/lib/apt/lists"/*
  printf '#!/bin/sh\nexit 101\n' >"$context/base/usr/sbin/policy-rc.d"
  chmod 755 "$context/base/usr/sbin/policy-rc.d"
  tar -C "$context/base" -c . | docker import --change 'ENV DEBIAN_FRONTEND=noninteractive' - "$base" >/dev/null
  rm -rf "$context/base"
fi

build() {
  docker build -q "$@" >"$context/build.log" 2>&1 || { tail -20 "$context/build.log" >&2; fail "docker build $* failed."; }
}

cp Dockerfile ./*-entrypoint.sh "$context"
cp "$root/node_modules/node/bin/node" "$context/node"
cp "$("$root/node_modules/.bin/node" versitygw.ts)" "$context/versitygw"
npm_home=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -rL "$npm_home" "$context/npm"
printf 'registry=%s\n' "$(npm config get registry)" >"$context/npmrc"

# The names are those that the services' descriptions pin.
"$root/node_modules/.bin/node" images.ts | while read -r target image; do
  tag=$prefix/$image
  docker image inspect "$tag" >/dev/null 2>&1 && continue
  echo "Building $tag ..." >&2
  build --target "$target" --build-arg "BASE=$base" -t "$tag" "$context"
  # What is really in it, for the report: its tag is that of the image it stands in for.
  case $target in
    node) version=$(docker run --rm "$tag" node --version) ;;
    versitygw) version=$(sed -n 's|.*github.com/versity/versitygw v\([^ ]*\).*|\1|p' "$root/tools/versitygw/go.mod") ;;
    redis) version=$(docker run --rm --entrypoint dpkg-query "$tag" -W -f '${Version}' redis-server) ;;
    postgres) version=$(docker run --rm --entrypoint dpkg-query "$tag" -W -f '${Version}' 'postgresql-[0-9]*') ;;
    prometheus) version=$(docker run --rm --entrypoint dpkg-query "$tag" -W -f '${Version}' prometheus) ;;
    *) version=$(docker run --rm --entrypoint dpkg-query "$tag" -W -f '${Version}' "prometheus-$target") ;;
  esac
  printf 'FROM %s\nLABEL firedrill.version="stand-in: %s"\n' "$tag" "$version" | build -t "$tag" -
done
