#!/bin/bash
# Boots a host once: a systemd that is really PID 1, in namespaces of its own. Ends when that boot ends: with 129 after a
# reboot, 130 after a power-off, 137 when it was killed. Prints the pid of the host's PID 1, as this machine sees it.
#
#   HOST_NAME     its host name
#   HOST_WORK     its folder on this machine; files/ there is laid over the root before systemd starts
#   HOST_BASE     root folder to boot from; what the host changes lies on a tmpfs and goes with the boot
#   HOST_STATE    folder that is /var/lib/kairos on the host and outlives its boots
#   HOST_MERGING  true | false: whether boots start the units that merge
#   HOST_KIND     kairos | systemd: on the latter what systemd looks into and the store of a host without Kairos outlive its boots too
#   HOST_CGROUP   its cgroup v2 folder, with the sub-folders host/ (the host's own root) and outside/ (what holds it)
#   HOST_NETWORK  own | shared
set -euo pipefail
umask 022

# The namespaces, and what holds them. Runs on the machine.
outside() {
  # Fails when the janitor has taken the folder away: then nobody would end this host.
  echo $$ >"$HOST_CGROUP/host/cgroup.procs"
  find "$HOST_CGROUP/host" -mindepth 1 -depth -type d -exec rmdir {} + # left by the boot before
  rm -f "$HOST_WORK/up" "$HOST_WORK/go"
  mkfifo "$HOST_WORK/up" "$HOST_WORK/go"
  exec 3<>"$HOST_WORK/up" 4<>"$HOST_WORK/go"
  local network=() child pid code=0
  [ "$HOST_NETWORK" = shared ] || network=(-n)
  mkdir -p "$HOST_WORK/top"
  unshare -m -p -u -i -C "${network[@]}" --fork --kill-child --propagation private bash "$0" inside >&2 &
  child=$!
  if ! read -r -t 30 pid <&3; then
    kill -KILL "$child"
    exit 1
  fi
  # cgroup v2: where a host hands controllers on to its units no process may sit, so what holds it moves out.
  echo "$child" >"$HOST_CGROUP/outside/cgroup.procs"
  echo $$ >"$HOST_CGROUP/outside/cgroup.procs"
  echo go >&4
  exec 3>&- 4>&-
  echo "$pid"
  exec >&-
  { wait "$child"; } 2>/dev/null || code=$?
  exit "$code"
}

# The host's first process, which becomes its systemd.
inside() {
  local pid root=$HOST_WORK/top/root
  read -r pid _ </proc/self/stat # the machine's /proc is still mounted: this is the pid as the machine sees it
  echo "$pid" >&3
  read -r -t 30 _ <&4
  exec 3>&- 4>&- </dev/null
  echo "$HOST_NAME" >/proc/sys/kernel/hostname

  mount -t tmpfs -o mode=755 tmpfs "$HOST_WORK/top"
  mkdir "$HOST_WORK"/top/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=$HOST_BASE,upperdir=$HOST_WORK/top/upper,workdir=$HOST_WORK/top/work" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t devtmpfs devtmpfs "$root/dev"
  mkdir -p "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mkdir -p "$root/var/lib/kairos"
  mount --bind "$HOST_STATE" "$root/var/lib/kairos"

  # What a pod's root file system can be made of: on a host that is where the container runtime keeps its images.
  mkdir "$root/run/image"
  mount --bind / "$root/run/image"

  # What the base's own administrator enabled, mounts or extends is none of this host's business.
  rm -rf "$root"/etc/systemd/system "$root"/etc/{fstab,crypttab,init.d,rc.local,extensions,confexts} "$root"/etc/rc?.d \
    "$root"/var/lib/{extensions,confexts,extensions.mutable}
  if [ "$HOST_KIND" = systemd ]; then
    for folder in extensions confexts sysext-operator; do
      mkdir -p "$HOST_STATE/systemd/$folder" "$root/var/lib/$folder"
      mount --bind "$HOST_STATE/systemd/$folder" "$root/var/lib/$folder"
    done
  fi
  if [ ! -e "$root/usr/lib/systemd/system/dbus.service" ] && [ -e "$root/usr/lib/systemd/system/dbus-broker.service" ]; then
    mkdir -p "$root/etc/systemd/system"
    ln -s /usr/lib/systemd/system/dbus-broker.service "$root/etc/systemd/system/dbus.service"
  fi
  rm -f "$root/etc/machine-id" "$root/etc/hostname"
  cp -dR "$HOST_WORK/files/." "$root/"
  # One kernel has one boot_id; each boot of each host has its own.
  mount --bind "$root/run/.boot_id" "$root/proc/sys/kernel/random/boot_id"
  for unit in systemd-sysext systemd-confext; do
    [ "$HOST_MERGING" != true ] || [ ! -e "$root/usr/lib/systemd/system/$unit.service" ] || chroot "$root" systemctl enable --quiet "$unit"
  done

  mkdir "$root/.machine"
  cd "$root"
  pivot_root . .machine
  umount -l /.machine
  rmdir /.machine
  mount --make-rshared / # or systemd-sysext, which mounts in a namespace of its own, merges for itself alone
  exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /usr/lib/systemd/systemd --log-target=journal --show-status=no
}

"${1:-outside}"
