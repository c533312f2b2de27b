#!/bin/sh
# A client in a few lines: rpc.sh SOCKET METHOD [PARAMS] prints the answer, one line of JSON. Needs nc of OpenBSD (Debian: netcat-openbsd).
#   rpc.sh /run/procman/my-uid.sock ping
#   rpc.sh /run/procman/my-uid.sock restart '{"names":["web"]}'
# Exit code: 0 a result, 1 an error (it is printed), 2 usage, 5 nobody answers.
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  echo "usage: rpc.sh SOCKET METHOD [PARAMS]" >&2
  exit 2
fi
params=${3-}
# -N: at the end of our line the daemon is told that no more comes; it answers what is still to be answered, and closes.
answer=$(printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$2" "${params:-"{}"}" | nc -N -U "$1")
[ -n "$answer" ] || exit 5
printf '%s\n' "$answer"
case $answer in
*'"error":{"code":'*) exit 1 ;;
esac
