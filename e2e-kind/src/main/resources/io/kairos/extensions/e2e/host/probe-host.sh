#!/bin/bash
# Tries, in namespaces of its own, what a host needs of this machine. Prints a line for each thing that is missing.
#   $1  an empty folder
set -u
attempt() {
  local what=$1 output
  shift
  output=$("$@" 2>&1) || echo "$what: ${output//$'\n'/ }"
}
attempt "tmpfs cannot be mounted" mount -t tmpfs tmpfs "$1"
mkdir "$1"/{lower,upper,work,root,cgroup,dev,proc,sys}
attempt "overlay cannot be mounted" mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/root"
attempt "proc cannot be mounted" mount -t proc proc "$1/proc"
attempt "sysfs cannot be mounted" mount -t sysfs sysfs "$1/sys"
attempt "cgroup2 cannot be mounted" mount -t cgroup2 cgroup2 "$1/cgroup"
attempt "devtmpfs cannot be mounted" mount -t devtmpfs devtmpfs "$1/dev"
attempt "no loop devices" test -e "$1/dev/loop-control"
