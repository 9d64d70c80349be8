#!/bin/bash
# Ends a host and clears up after it as soon as its standard input ends: when the host is closed, and just as well when the
# process that made the host is no more, however it went.
#
#   HOST_WORK    the host's folder on this machine
#   HOST_CGROUP  its cgroup v2 folder
set -u
trap '' INT TERM HUP
while read -r _; do :; done

# The host first, then those who hold it: so each is waited for by its parent, and none is left to whoever is PID 1 here.
if [ -e "$HOST_CGROUP/host/cgroup.kill" ]; then
  for ((i = 0; i < 100; i++)); do
    echo 1 >"$HOST_CGROUP/host/cgroup.kill"
    [ -n "$(cat "$HOST_CGROUP/outside/cgroup.procs")" ] || break
    sleep 0.02
  done
fi 2>/dev/null

# Everything that belongs to the host sits in its cgroup. A process that is just being started joins it before it does
# anything, so when the folder is gone nothing of the host is left, nor can come.
for ((i = 0; i < 1000; i++)); do
  [ -d "$HOST_CGROUP" ] || break
  if [ -e "$HOST_CGROUP/cgroup.kill" ]; then
    echo 1 >"$HOST_CGROUP/cgroup.kill"
  else
    find "$HOST_CGROUP" -name cgroup.procs -exec cat {} + | while read -r pid; do kill -KILL "$pid"; done
  fi
  find "$HOST_CGROUP" -depth -type d -exec rmdir {} +
  [ ! -d "$HOST_CGROUP" ] || sleep 0.02
done 2>/dev/null

left=0
[ ! -d "$HOST_CGROUP" ] || { echo "cgroup $HOST_CGROUP does not empty" && left=1; }
for ((i = 0; i < 250; i++)); do
  mountpoint -q "$HOST_WORK/state" || break
  umount "$HOST_WORK/state" 2>/dev/null || sleep 0.02
done
if mountpoint -q "$HOST_WORK/state"; then
  echo "$HOST_WORK/state is still in use; it is detached"
  umount -l "$HOST_WORK/state"
  left=1
fi
# The kernel gives loop devices back a moment after the last mount is gone.
for ((i = 0; i < 250; i++)); do
  grep -qsF "${HOST_WORK##*/}/" /sys/block/loop*/loop/backing_file || break
  sleep 0.02
done
rm -rf --one-file-system "$HOST_WORK" || left=1
exit "$left"
