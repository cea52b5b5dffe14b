# Run inside a distribution's official container image: $1 the suite, $2 the tar, the rest mmdebstrap's options.
# The image's own apt configuration names the mirror.
set -eu
suite=$1 tar=$2
shift 2
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends mmdebstrap
apt-get indextargets --format 'deb [signed-by=$(SIGNED_BY)] $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed 's/ \[signed-by=\]//' | sort -u >sources.list
exec mmdebstrap "$@" "$suite" "$tar" sources.list
