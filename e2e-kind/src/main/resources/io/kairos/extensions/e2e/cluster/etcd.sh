#!/bin/sh
# Stands in for etcd where kube-api-test starts it. It differs in three ways: etcd listens on the
# loopback interface only, keeps its data in this cluster's own folder, and dies with whoever started it.
here=${0%/*}
for argument; do
  shift
  case $argument in
    http://0.0.0.0:*) argument=http://127.0.0.1:${argument##*:} ;;
  esac
  set -- "$@" "$argument"
done
tie=
if setpriv --pdeathsig KILL true 2>/dev/null; then tie='setpriv --pdeathsig KILL'; fi
# Nobody wants a test's data after a power cut: without fsync it is much faster.
exec $tie "$here/etcd.bin" "$@" --data-dir "$here/etcd-data" --wal-dir "$here/etcd-wal" --unsafe-no-fsync \
  >>"$here/etcd.log" 2>&1
