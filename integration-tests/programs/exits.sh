#!/bin/sh
# exits NAME CODE [SECONDS]: ends with CODE after SECONDS.
. "${0%/*}/identify.sh"
sleep "${3:-0}"
note end "$2"
exit "$2"
