#!/bin/bash
# Runs a program on a host as a container runtime runs a pod's: a root file system of its own, read-only, only the mounts that it
# asks for, namespaces for mounts, processes, IPC and names, the host's network; no capability, and no way to get one. No seccomp
# filter, no AppArmor.
#
#   POD_IMAGE   folder with the root file system, or several, as overlay's lowerdir: the uppermost layer first, separated by colons
#   POD_MOUNTS  a line for each mount: FOLDER_OF_THE_HOST PATH_IN_THE_POD ro|rw
#   POD_USER    uid and gid, default 0
#   $@          the program: env -i VARIABLE=VALUE… PROGRAM ARGUMENT…
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  exec unshare -m -p -i -u --fork --kill-child --propagation slave bash "$0" --inside "$@"
fi
shift

pod=$(mktemp -d /run/pod-XXXXXX)
mount -t tmpfs -o mode=755 tmpfs "$pod"
root=$pod/root
mkdir "$pod"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$POD_IMAGE,upperdir=$pod/upper,workdir=$pod/work" "$root"
# An image has its own of these, empty: what this machine has there is no part of one.
own=("$root/run" "$root/var/lib/kairos" "$root/etc/sysext-operator")
for folder in "${own[@]}"; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
# An image has no tools. Those that are needed from inside are lent, with their libraries and the loader of these.
tools=/run/.pod-tools
mkdir "$root$tools"
for tool in env setpriv mount umount; do
  path=$(command -v $tool)
  cp -L "$path" $(ldd "$path" | grep -o '/[^ ]*') "$root$tools"
done
loader=$(cd "$root$tools" && echo ld-linux*)
lent() { "$tools/$loader" --library-path "$tools" "$tools/$1" "${@:2}"; }
while read -r source target mode; do
  [ -n "$source" ] || continue
  mkdir -p "$source" "$root$target"
  mount --bind "$source" "$root$target"
  [ "$mode" = rw ] || mount -o remount,bind,ro "$root$target"
done <<<"$POD_MOUNTS"
mkdir -p "$root"/{proc,sys,dev,.host}
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
# One kernel has one boot_id. On hosts that share a kernel each boot has its own, and its pods see that.
cat /proc/sys/kernel/random/boot_id >"$pod/boot_id"
mount --bind "$pod/boot_id" "$root/proc/sys/kernel/random/boot_id"
for folder in "${own[@]}" "$root"; do
  mount -o remount,bind,ro "$folder"
done
cd "$root"
pivot_root . .host
lent umount -l /.host
lent mount --make-rprivate /
cd /
[ "$1" = env ]
exec "$tools/$loader" --library-path "$tools" "$tools/setpriv" --reuid="${POD_USER:-0}" --regid="${POD_USER:-0}" --clear-groups \
  --bounding-set=-all --inh-caps=-all --ambient-caps=-all --no-new-privs -- \
  "$tools/$loader" --library-path "$tools" "$tools/env" "${@:2}"
