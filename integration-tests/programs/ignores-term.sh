#!/bin/sh
# ignores-term NAME: only SIGKILL ends it.
trap '' TERM
. "${0%/*}/identify.sh"
exec sleep 1000000
