# What the servers that are an nginx share, besides common.sh: one process, whose files live in a
# folder of their own that is gone when it ends; an nginx that the machine runs otherwise is not
# touched.

# Prints the first of the files that exists: installed, or unpacked by ./dev setup.
first_of() {
  local file
  for file in "$@"; do
    [[ -e "$file" ]] && echo "$file" && return
  done
  fail "none of these is there, ./dev setup gets them: $*"
}

# Becomes nginx. Its argument stands at the top of the configuration; what is in the block `http` is
# read from standard input.
run_nginx() {
  local nginx folder
  nginx="$(first_of /usr/sbin/nginx "$root/build/debian/usr/sbin/nginx")"
  folder="$(mktemp -d -t parley-nginx-XXXXXX)"
  # Not a child of nginx, and holds none of its files, so that only the folder notices.
  (tail --pid="$$" -f /dev/null && rm -rf -- "$folder") <&- >/dev/null 2>&1 &
  cat >"$folder/nginx.conf" <<CONF
$1
daemon off;
master_process off;
pid $folder/pid;
error_log stderr crit;
worker_rlimit_nofile $(ulimit -Hn);
events {
  worker_connections 20000;
}
http {
  access_log off;
  tcp_nodelay on;
  gzip off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
$(cat)
}
CONF
  run "$nginx" -e stderr -p "$folder" -c nginx.conf
}
