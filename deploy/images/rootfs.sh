# shellcheck shell=bash
# A root file system out of Debian packages that are unpacked, not installed:
# no maintainer script runs, so it is quick, the same everywhere, and holds only
# what a recipe names. What those scripts would do and a store needs, is done
# here in the open. Sourced by build.sh; knows nothing about single images.

# debian_mirror: the address from which this machine takes Debian's packages.
# URUMI_DEBIAN_MIRROR overrides it (a machine that is not Debian itself).
debian_mirror() {
  local codename release component uri
  # shellcheck disable=SC2016 # apt fills these in
  local format='$(RELEASE)|$(COMPONENT)|$(REPO_URI)'
  if [[ -n ${URUMI_DEBIAN_MIRROR-} ]]; then echo "$URUMI_DEBIAN_MIRROR"; return; fi
  codename=$(. /etc/os-release && echo "${ID-}/${VERSION_CODENAME-}")
  while IFS='|' read -r release component uri; do
    if [[ debian/$release == "$codename" && $component == main ]]; then
      echo "${uri%/}"
      return
    fi
  done < <(apt-get indextargets --format "$format" 'Created-By: Packages')
  die "found no Debian mirror in this machine's apt sources" \
    "set URUMI_DEBIAN_MIRROR to the address of one and run it again"
}

ensure_mmdebstrap() {
  have mmdebstrap && return
  have apt-get || die "mmdebstrap is missing" "install it and run this again"
  (
    flock 9
    have mmdebstrap && exit 0
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends mmdebstrap
  ) 9>"$URUMI_CACHE/mmdebstrap.lock" >&2
}

# extract_packages ROOT SUITE PACKAGE...: packages and all they depend on. The
# mirror may be a frozen copy, whose Release files are past their validity.
extract_packages() {
  local root=$1 suite=$2 mirror
  shift 2
  [[ $(id -u) == 0 ]] || die "images are built as root (they hold files of several owners)" "run it with sudo"
  ensure_mmdebstrap
  mirror=$(debian_mirror)
  mmdebstrap --quiet --mode=root --format=directory --variant=extract --skip=check/empty \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --include="$(IFS=,; echo "$*")" "$suite" "$root" "deb $mirror $suite main"
}

# package_version ROOT PACKAGE: the upstream version of an unpacked package,
# from the newest entry of its changelog.
package_version() {
  local changelog
  changelog=$(find "$1/usr/share/doc/$2" -name 'changelog*.gz' | sort | head -n 1)
  zcat "$changelog" | sed -nE '1s/^[^(]*\(([0-9]+:)?([^)+-]*).*/\2/p'
}

# finish_rootfs ROOT: accounts, certificates and where names are looked for, which
# packages make on install.
finish_rootfs() {
  local root=$1
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  # Without this file a name that DNS does not know is not looked for in /etc/hosts.
  [[ -e $root/etc/nsswitch.conf ]] || printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
  rm -rf "$root/var/run" "$root/var/lock"
  ln -s /run "$root/var/run"
  ln -s /run/lock "$root/var/lock"
  install -d -m 1777 "$root/run/lock"
  if [[ -d $root/usr/share/ca-certificates ]]; then
    mkdir -p "$root/etc/ssl/certs"
    find "$root/usr/share/ca-certificates" -name '*.crt' -print0 | LC_ALL=C sort -z |
      xargs -0 cat >"$root/etc/ssl/certs/ca-certificates.crt"
  fi
}

# trim_rootfs ROOT: what no container reads, and what is this machine's (its mirror,
# its name). Licences stay.
trim_rootfs() {
  local root=$1
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  find "$root/usr/share/doc" -type l -delete
  find "$root/usr/share/doc" -depth -type d -empty -delete
  (
    cd "$root" || exit
    rm -rf usr/share/{man,info,locale,lintian,bug,zsh,bash-completion,fish,perl,perl5,menu,icons} \
      usr/share/{X11,fonts,fontconfig,apport,gcc,gdb,pixmaps,applications,readline,ieee-data} \
      usr/lib/x86_64-linux-gnu/perl* usr/lib/*/libperl.so* usr/lib/{udev,systemd,sysctl.d,tmpfiles.d,init} \
      usr/bin/{perl*,mariadb*,zipdetails} usr/lib/*/perl* \
      var/cache/* var/log/* var/lib/{apt,dpkg,systemd,pam} etc/{apt,hostname,resolv.conf,fstab,debconf.conf,update-motd.d} etc/{cron.d,cron.daily,init.d,logrotate.d,rc*.d,X11,ldap}
    rm -rf dev/* run/* tmp/*
  )
  chmod 1777 "$root/tmp"
}

# keep_linked ROOT PROGRAM-OR-FOLDER...: of the shared libraries only those that
# these programs (all of a folder) are linked to, and those that find names for them.
# The root's own loader is asked.
keep_linked() {
  local root=$1 loader libraries path
  shift
  loader=$(cd "$root" && echo usr/lib/*/ld-linux-*.so.*)
  libraries=$root/$(dirname "$loader")
  local kept=$root/.kept
  for path in "$@"; do find "$root$path" -type f ! -name '*.beam'; done | while read -r path; do
    if [[ $(head -c 4 "$path" | tr -d '\0') != $'\x7fELF' ]]; then continue; fi
    echo "${path##*/}"
    chroot "$root" "/$loader" --list "${path#"$root"}" 2>/dev/null | sed -nE 's#^\s*(\S+).*#\1#p' | sed 's#.*/##' || true
  done | LC_ALL=C sort -u >"$kept"
  printf '%s\n' "${loader##*/}" libnss_dns.so.2 libnss_files.so.2 libresolv.so.2 >>"$kept"
  # A library's name, and the file that the name leads to.
  cp "$kept" "$kept.names"
  while read -r path; do
    if [[ -L $libraries/$path ]]; then readlink "$libraries/$path"; fi
  done <"$kept.names" >>"$kept"
  find "$libraries" -maxdepth 1 -name '*.so*' | while read -r path; do
    if ! grep -qxF "${path##*/}" "$kept"; then rm -f "$path"; fi
  done
  rm -rf "$kept" "$kept.names" "$libraries"/{gconv,engines-3,ossl-modules,audit,perl-base,pkgconfig}
}
