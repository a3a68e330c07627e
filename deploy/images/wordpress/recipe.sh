# shellcheck shell=bash disable=SC2034 # read by build.sh
# WordPress, PHP and Apache from Debian packages, laid out like the official
# `wordpress:…-apache` image. The tag is fixed, because values files name it; the
# label tells the version found.

IMAGE_NAME=urumi.local/wordpress:7.1.4
SUITE=sid
VERSION_OF=wordpress
PHP=8.4
PACKAGES=(
  base-files base-passwd bash dash coreutils sed grep findutils ca-certificates
  apache2 "libapache2-mod-php$PHP" "php$PHP"-{cli,curl,gd,intl,mbstring,mysql,opcache,xml,zip}
  wordpress wordpress-theme-twentytwentyfive
)
APACHE_MODULES=(
  access_compat alias authn_core authz_core authz_host deflate dir env expires
  filter headers mime mpm_prefork "php$PHP" remoteip reqtimeout rewrite setenvif
)
# In the order in which they depend on one another.
PHP_EXTENSIONS=(
  mysqlnd ctype curl dom exif fileinfo gd iconv intl mbstring mysqli phar posix
  simplexml tokenizer xml xmlreader xmlwriter zip
)

# Debian splits WordPress over its file system; here it is one folder again,
# where the official image has it.
gather_wordpress() {
  local root=$1 here=$2 source=$1/usr/src/wordpress
  mkdir -p "$root/usr/src"
  cp "$root/etc/ssl/certs/ca-certificates.crt" "$root/usr/share/wordpress/wp-includes/certificates/ca-bundle.new"
  mv "$root/usr/share/wordpress/wp-includes/certificates/ca-bundle."{new,crt}
  rm -f "$root/usr/share/wordpress/"{.htaccess,wp-config.php}
  chroot "$root" cp -rL /usr/share/wordpress /usr/src/wordpress
  # Themes and plugins by package; a later recipe adds WooCommerce the same way.
  mkdir -p "$source/wp-content/"{themes,plugins}
  cp -rL "$root/var/lib/wordpress/wp-content/themes/." "$source/wp-content/themes/" 2>/dev/null || true
  rm -rf "$root/usr/share/wordpress" "$root/var/lib/wordpress" "$root/etc/wordpress" "$root/usr/share/"{javascript,php} \
    "$source/wp-content/plugins/akismet"
  install -m 0644 "$here/wp-config-docker.php" "$source/wp-config-docker.php"
  install -m 0644 "$here/htaccess" "$source/.htaccess"
  [[ -f $source/wp-includes/version.php && -f $source/wp-content/themes/twentytwentyfive/style.css ]] ||
    die "the packages hold no complete WordPress" "see $root/usr/src/wordpress"
}

set_up_apache() {
  local root=$1 here=$2 module
  local etc=$root/etc/apache2
  for module in "${APACHE_MODULES[@]}"; do
    [[ ! -f $etc/mods-available/$module.conf ]] || ln -s "../mods-available/$module.conf" "$etc/mods-enabled/"
    ln -s "../mods-available/$module.load" "$etc/mods-enabled/"
  done
  install -m 0644 "$here/apache/000-default.conf" "$etc/sites-available/000-default.conf"
  ln -s ../sites-available/000-default.conf "$etc/sites-enabled/000-default.conf"
  install -m 0644 "$here/apache/image.conf" "$etc/conf-available/image.conf"
  ln -s ../conf-available/image.conf "$etc/conf-enabled/image.conf"
  install -d -o 33 -g 33 "$root/var/log/apache2" "$root/run/apache2" "$root/var/www/html"
  ln -sf /dev/stderr "$root/var/log/apache2/error.log"
  ln -sf /dev/stdout "$root/var/log/apache2/access.log"
}

set_up_php() {
  local root=$1 here=$2 sapi extension conf
  for sapi in apache2 cli; do
    conf=$root/etc/php/$PHP/$sapi
    mkdir -p "$conf/conf.d"
    cp "$root/usr/lib/php/$PHP/php.ini-production" "$conf/php.ini"
    {
      for extension in "${PHP_EXTENSIONS[@]}"; do echo "extension=$extension.so"; done
      [[ ! -f $root/usr/share/php$PHP-opcache/opcache/opcache.ini ]] || echo "zend_extension=opcache.so"
    } >"$conf/conf.d/10-extensions.ini"
    install -m 0644 "$here/php.ini" "$conf/conf.d/20-image.ini"
  done
  ln -sf "php$PHP" "$root/usr/bin/php"
}

assemble() {
  local root=$1 here=$URUMI_ROOT/deploy/images/wordpress
  mkdir -p "$root/var/log"
  gather_wordpress "$root" "$here"
  set_up_apache "$root" "$here"
  set_up_php "$root" "$here"
  install -D -m 0755 "$here/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  install -D -m 0755 "$here/apache2-foreground" "$root/usr/local/bin/apache2-foreground"
  (
    cd "$root/usr" || exit
    find lib/apache2/modules -type f ! -name 'libphp*' -printf '%f\n' | while read -r file; do
      module=${file#mod_}; module=${module%.so}
      [[ " ${APACHE_MODULES[*]} " == *" $module "* ]] || rm "lib/apache2/modules/$file"
    done
    rm -f bin/{my_print_defaults,replace,resolve_stack_dump,perror,resolveip,mytop,ab,htpasswd,htdigest,openssl}
    rm -rf share/apache2/{icons,error,default-site} lib/mysql lib/x86_64-linux-gnu/libmariadb*
  )
}

image_config() {
  cat <<JSON
{"User":"33:33","WorkingDir":"/var/www/html","Entrypoint":["docker-entrypoint.sh"],"Cmd":["apache2-foreground"],
"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","LANG=C.UTF-8","APACHE_CONFDIR=/etc/apache2","APACHE_ENVVARS=/etc/apache2/envvars","WORDPRESS_VERSION=$1"],
"ExposedPorts":{"80/tcp":{}},"Volumes":{"/var/www/html":{}},"StopSignal":"SIGWINCH",
"Labels":{"org.opencontainers.image.title":"WordPress","org.opencontainers.image.version":"$1"}}
JSON
}
