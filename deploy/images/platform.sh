# shellcheck shell=bash
# What the images of the platform's own programs have in common: which build goes
# into them, as whom they run, and a root that holds nothing else. Sourced by their
# recipes, after build.sh's own parts.

# shellcheck source=deploy/local/lib/cargo.sh
source "$URUMI_ROOT/deploy/local/lib/cargo.sh"
# shellcheck source=deploy/local/lib/programs.sh
source "$URUMI_ROOT/deploy/local/lib/programs.sh"
# shellcheck source=deploy/local/lib/dashboard.sh
source "$URUMI_ROOT/deploy/local/lib/dashboard.sh"

platform_version() { sed -n 's/^version = "\(.*\)"/\1/p' "$URUMI_ROOT/Cargo.toml" | head -n 1; }
# They are of this repository; their version is its own.
version_found() { platform_version; }

# The folder with the programs, built at the first call.
platform_programs() { cached programs "$(program_hash)" with_target build_into; }

# Nobody in particular: 65532, as images without a distribution call him.
add_nobody() {
  local root=$1
  echo 'urumi:x:65532:' >>"$root/etc/group"
  echo 'urumi:*:65532:65532::/tmp:/usr/sbin/nologin' >>"$root/etc/passwd"
}

# only_programs ROOT PROGRAM...: a root that runs those and has no shell.
only_programs() {
  local root=$1
  shift
  keep_linked "$root" "$@"
  find "$root/usr/bin" "$root/usr/sbin" -mindepth 1 | while read -r file; do
    [[ " $* " == *" ${file#"$root"} "* ]] || rm -rf "$file"
  done
  (
    cd "$root" || exit
    rm -rf usr/{games,include,libexec,src,local} usr/share/{perl*,debconf,base-passwd,base-files,awk,dict,misc,pam*,ca-certificates} \
      usr/lib/{ssl,mime,os-probes,valgrind,locale} boot home media mnt opt root srv var/{backups,local,mail,opt,spool,lib/[a-z]*}
    mkdir -p root
  )
}

# platform_config TITLE ENTRYPOINT CMD PORT
platform_config() {
  cat <<JSON
{"User":"65532:65532","WorkingDir":"/","Entrypoint":[$2],"Cmd":[$3],
"Env":["PATH=/usr/bin","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],${4:+\"ExposedPorts\":{$4\},}
"Labels":{"org.opencontainers.image.title":"$1","org.opencontainers.image.version":"$(platform_version)","org.opencontainers.image.licenses":"MIT OR Apache-2.0"}}
JSON
}
