#!/bin/sh
# Stands in for kube-apiserver where kube-api-test starts it, so that the API server can go away and
# come back on the same port and data while kube-api-test believes that it is still the same process.
#   down                 exists: the API server stays away
#   kube-apiserver.pid   exists: the API server runs as this process
here=${0%/*}
if [ -z "$TIED_TO_PARENT" ] && setpriv --pdeathsig KILL true 2>/dev/null; then
  TIED_TO_PARENT='setpriv --pdeathsig KILL'
  export TIED_TO_PARENT
  exec $TIED_TO_PARENT "$0" "$@"
fi
for argument; do
  shift
  case $argument in
    http://0.0.0.0:*) argument=http://127.0.0.1:${argument##*:} ;;
  esac
  set -- "$@" "$argument"
done
while :; do
  $TIED_TO_PARENT "$here/kube-apiserver.bin" "$@" >>"$here/kube-apiserver.log" 2>&1 &
  echo "$!" >"$here/kube-apiserver.pid.new"
  mv "$here/kube-apiserver.pid.new" "$here/kube-apiserver.pid"
  wait "$!"
  code=$?
  rm -f "$here/kube-apiserver.pid"
  [ -e "$here/down" ] || exit "$code"
  while [ -e "$here/down" ]; do sleep 0.1; done
done
