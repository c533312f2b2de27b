#!/bin/sh
# A stand-in for podman, to be found as `podman` in PATH. Containers are folders of $PLAYGROUND/containers.
#
#   podman run -d --name NAME PROGRAM ARGS    prints an id; PROGRAM gets a session and an environment of its own, without our mark
#   podman inspect --format {{.State.Pid}} ID
#   podman stop NAME
containers=$PLAYGROUND/containers
verb=$1
shift
echo "podman $verb" >>"$PLAYGROUND/podman"
case $verb in
run)
  name=$3
  shift 3
  [ ! -e "$PLAYGROUND/no-image" ] || { echo "Error: no such image" >&2; exit 125; }
  id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  mkdir -p "$containers/$id"
  ln -sfn "$id" "$containers/$name"
  env -u PROCMAN_RUN -u PROCMAN_HOOK setsid "$@" </dev/null >"$containers/$id/log" 2>&1 &
  echo $! >"$containers/$id/pid"
  echo "Trying to pull the image..." >&2
  echo "$id"
  ;;
inspect)
  [ "$1 $2" = "--format {{.State.Pid}}" ] || exit 2
  [ -d "$containers/$3" ] || { echo "Error: no such container $3" >&2; exit 125; }
  cat "$containers/$3/pid"
  ;;
stop) kill "$(cat "$containers/$1/pid")" && echo "$1" ;;
esac
