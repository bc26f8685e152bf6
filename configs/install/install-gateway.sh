#!/usr/bin/env bash
# Installs, upgrades or removes the Staff Control gateway on a Linux machine with systemd.
#
# What it does, and what to do when something fails: docs/gateway/install.md. Nothing on the machine changes before the
# package's signature has been verified with the key below and its program has started once.
set -euo pipefail
umask 022

# The public GPG key of the releases, in base64: the only one that is believed. `make release` puts it here.
RELEASE_KEY=''

RELEASES_URL=${RELEASES_URL:-https://releases.staff-control.com}
DOCS_URL=https://docs.staff-control.com/gateway
DASHBOARD_URL=https://dashboard.staff-control.com
SUPPORT=support@staff-control.com

# The exit codes.
USAGE=1 MISSING=2 DOWNLOAD=3 SIGNATURE=4 SETTINGS=5 SERVICE=6 CONNECTION=7

# DESTDIR puts everything below another root, for images and tests.
root=${DESTDIR:-}
[[ -z $root || $root == /* ]] || root=$PWD/$root
user=staff-gateway
etc=$root/etc/staff-gateway
settings=$etc/gateway.yml
state=$root/var/lib/staff-gateway
logs=$root/var/log/staff-gateway
lib=$root/usr/local/lib/staff-gateway
launcher=$root/usr/local/bin/gateway
manual=$root/usr/local/share/doc/staff-gateway
units=$root/etc/systemd/system
rotation=$root/etc/logrotate.d/staff-gateway
services=(staff-gateway.service staff-gateway-enrolled.path staff-gateway-enrolled.service)

version=latest organization='' token='' location='' server=https://agent-api.staff-control.com
package='' signature='' proxy='' ca_file='' action=install purge='' yes='' named='' guided='' patience=60

usage() {
  cat >&2 <<'END'
Usage: install-gateway.sh [options] [version] <organization_id> <provisioning_token>
       install-gateway.sh [options] [version]     asks on a terminal; upgrades where a gateway is installed already
       install-gateway.sh --uninstall [--purge] [--yes]

  version                 such as 2.1.0; without it the latest
  provisioning_token      made in the dashboard under Gateways; "-" reads it from standard input
  --server URL            address of agent-api
  --name TEXT             location or name of the gateway, as lists show it
  --proxy URL             HTTP proxy, for this download and for the gateway
  --ca-file FILE          further certificate authorities, PEM, for the gateway
  --from-file PACKAGE     gateway-linux-….tar.gz, with its .sig beside it, instead of a download
  --releases URL          where packages are downloaded from (also RELEASES_URL)
  --wait SECONDS          how long to wait for the enrolment (60)
  --uninstall             removes the program; settings, data and log stay
  --purge                 with --uninstall: removes these and the user as well
  --yes                   does not ask

Exit codes: 1 usage, 2 something is missing on this machine, 3 download, 4 signature, 5 settings, 6 service,
7 installed and running, but without connection to the server.
END
  exit $USAGE
}

# --- texts -----------------------------------------------------------------------------------------------------------

declare -A en=(
  [installing]='Installing Staff Control Gateway %s' [upgrading]='Upgrading Staff Control Gateway to %s; settings and data stay'
  [checking]='Checking prerequisites' [no_root]='Run this as root: sudo %s' [no_tool]='%s is required but not installed'
  [no_systemd]='systemd does not run on this machine. The gateway also runs in a container: %s' [no_arch]='There is no package for %s: x86_64 and aarch64 are supported'
  [docker]='Docker is not needed. To run the gateway in a container instead: %s' [ready]='Prerequisites are there'
  [ask_organization]='Organization ID: ' [ask_token]='Provisioning token (not shown): ' [ask_location]='Gateway location (e.g. Main Office): '
  [ask_server]='Server [%s]: ' [guide]='This script guides you through the installation. The provisioning token is made in the dashboard under Gateways.'
  [bad_organization]='The organization ID must be a positive number' [bad_token]='The provisioning token must be letters, digits, dots, dashes and underscores'
  [bad_location]='The location must be a line of at most 255 characters' [bad_server]='The server must be an address such as https://agent-api.example.uz'
  [bad_proxy]='The proxy must be an address such as http://proxy:3128' [bad_ca]='Cannot read certificate authorities from %s'
  [other_organization]='This gateway is installed for organization %s. Remove it first: %s --uninstall --purge'
  [downloading]='Downloading %s' [no_download]='Cannot download %s' [no_package]='Cannot read %s'
  [verifying]='Verifying the signature' [no_key]='This copy of the script holds no release key: take the one of a release'
  [tampered]='The signature of %s is NOT good. Nothing was installed. Do not use this package, and tell %s'
  [bad_package]='The package is not complete, or not for this machine' [other_version]='The package holds version %s, not %s'
  [older]='Version %s is installed, the package is older: %s. Name the version to install it all the same'
  [verified]='The package is genuine: version %s' [files]='Installing files' [bad_settings]='The settings are not right; %s was not changed'
  [starting]='Starting the service' [inactive]='The gateway service is not running. What it said: journalctl -u staff-gateway. Help: %s'
  [status]='Status: %s' [enrolling]='Waiting for the gateway to enrol' [enrolled]='The gateway is enrolled; its token is erased from %s'
  [not_enrolled]='Not enrolled yet. The gateway goes on trying, and the token is erased once it succeeds'
  [testing]='Testing the connection to the server' [no_connection]='The gateway is installed and runs, but has no connection. It goes on trying. Network requirements: %s'
  [done]='The gateway is installed.' [next]='Next steps:' [next_dashboard]='Look at the dashboard: %s' [next_adapters]='Configure device adapters: %s'
  [next_monitoring]='Set up monitoring: %s' [help]='Need help? %s'
  [removing]='Removing the gateway' [removed]='The gateway is removed. Settings, data and log stay in %s'
  [sure]='Settings, log and everything that was not delivered yet will be lost. Go on? [y/N] ' [purged]='The gateway is removed with all its data. Revoke it in the dashboard'
  [nothing]='Nothing was changed'
)
declare -A ru=(
  [installing]='Установка Staff Control Gateway %s' [upgrading]='Обновление Staff Control Gateway до %s; настройки и данные сохраняются'
  [checking]='Проверка необходимых программ' [no_root]='Запустите от имени root: sudo %s' [no_tool]='Нужна программа %s, она не установлена'
  [no_systemd]='На этой машине не работает systemd. Шлюз можно запустить и в контейнере: %s' [no_arch]='Для %s пакета нет: поддерживаются x86_64 и aarch64'
  [docker]='Docker не нужен. Чтобы запустить шлюз в контейнере: %s' [ready]='Всё необходимое есть'
  [ask_organization]='ID организации: ' [ask_token]='Токен подключения (не отображается): ' [ask_location]='Расположение шлюза (например, Главный офис): '
  [ask_server]='Сервер [%s]: ' [guide]='Скрипт проведёт вас через установку. Токен подключения создаётся в панели управления, раздел «Шлюзы».'
  [bad_organization]='ID организации должен быть положительным числом' [bad_token]='Токен состоит из букв, цифр, точек, дефисов и подчёркиваний'
  [bad_location]='Расположение — одна строка, не длиннее 255 символов' [bad_server]='Сервер — это адрес вида https://agent-api.example.uz'
  [bad_proxy]='Прокси — это адрес вида http://proxy:3128' [bad_ca]='Не удаётся прочитать сертификаты из %s'
  [other_organization]='Этот шлюз установлен для организации %s. Сначала удалите его: %s --uninstall --purge'
  [downloading]='Загрузка %s' [no_download]='Не удалось загрузить %s' [no_package]='Не удаётся прочитать %s'
  [verifying]='Проверка подписи' [no_key]='В этой копии скрипта нет ключа выпуска: возьмите скрипт из выпуска'
  [tampered]='Подпись %s НЕВЕРНА. Ничего не установлено. Не используйте этот пакет и сообщите: %s'
  [bad_package]='Пакет неполный или не для этой машины' [other_version]='В пакете версия %s, а не %s'
  [older]='Установлена версия %s, пакет старее: %s. Чтобы всё же установить его, укажите версию'
  [verified]='Пакет подлинный: версия %s' [files]='Установка файлов' [bad_settings]='Настройки неверны; %s не изменён'
  [starting]='Запуск службы' [inactive]='Служба шлюза не работает. Её сообщения: journalctl -u staff-gateway. Помощь: %s'
  [status]='Состояние: %s' [enrolling]='Ожидание подключения шлюза' [enrolled]='Шлюз подключён; токен стёрт из %s'
  [not_enrolled]='Шлюз ещё не подключён. Он продолжает попытки; после успеха токен будет стёрт'
  [testing]='Проверка связи с сервером' [no_connection]='Шлюз установлен и работает, но связи нет. Он продолжает попытки. Требования к сети: %s'
  [done]='Шлюз установлен.' [next]='Что дальше:' [next_dashboard]='Панель управления: %s' [next_adapters]='Настройка адаптеров устройств: %s'
  [next_monitoring]='Настройка мониторинга: %s' [help]='Нужна помощь? %s'
  [removing]='Удаление шлюза' [removed]='Шлюз удалён. Настройки, данные и журнал остались в %s'
  [sure]='Настройки, журнал и всё, что ещё не доставлено, будет потеряно. Продолжить? [y/N] ' [purged]='Шлюз удалён вместе с данными. Отзовите его в панели управления'
  [nothing]='Ничего не изменено'
)
declare -A uz=(
  [installing]='Staff Control Gateway %s oʻrnatilmoqda' [upgrading]='Staff Control Gateway %s versiyasiga yangilanmoqda; sozlamalar va maʼlumotlar saqlanadi'
  [checking]='Kerakli dasturlar tekshirilmoqda' [no_root]='root nomidan ishga tushiring: sudo %s' [no_tool]='%s dasturi kerak, u oʻrnatilmagan'
  [no_systemd]='Bu kompyuterda systemd ishlamayapti. Shlyuzni konteynerda ham ishlatish mumkin: %s' [no_arch]='%s uchun paket yoʻq: x86_64 va aarch64 qoʻllab-quvvatlanadi'
  [docker]='Docker kerak emas. Shlyuzni konteynerda ishlatish uchun: %s' [ready]='Kerakli narsalarning hammasi bor'
  [ask_organization]='Tashkilot ID raqami: ' [ask_token]='Ulash tokeni (koʻrsatilmaydi): ' [ask_location]='Shlyuz joylashuvi (masalan, Bosh ofis): '
  [ask_server]='Server [%s]: ' [guide]='Skript sizni oʻrnatish bosqichlaridan olib oʻtadi. Ulash tokeni boshqaruv panelining «Shlyuzlar» boʻlimida yaratiladi.'
  [bad_organization]='Tashkilot ID musbat son boʻlishi kerak' [bad_token]='Token harf, raqam, nuqta, chiziqcha va pastki chiziqdan iborat boʻladi'
  [bad_location]='Joylashuv bir qator, koʻpi bilan 255 belgi boʻlishi kerak' [bad_server]='Server https://agent-api.example.uz kabi manzil boʻlishi kerak'
  [bad_proxy]='Proksi http://proxy:3128 kabi manzil boʻlishi kerak' [bad_ca]='%s dan sertifikatlarni oʻqib boʻlmadi'
  [other_organization]='Bu shlyuz %s-tashkilot uchun oʻrnatilgan. Avval uni oʻchiring: %s --uninstall --purge'
  [downloading]='%s yuklab olinmoqda' [no_download]='%s yuklab olinmadi' [no_package]='%s ni oʻqib boʻlmadi'
  [verifying]='Imzo tekshirilmoqda' [no_key]='Skriptning bu nusxasida nashr kaliti yoʻq: nashrdagi skriptni oling'
  [tampered]='%s imzosi NOTOʻGʻRI. Hech narsa oʻrnatilmadi. Bu paketdan foydalanmang va xabar bering: %s'
  [bad_package]='Paket toʻliq emas yoki bu kompyuter uchun emas' [other_version]='Paketda %s versiyasi bor, %s emas'
  [older]='%s versiyasi oʻrnatilgan, paket undan eski: %s. Shunda ham oʻrnatish uchun versiyani koʻrsating'
  [verified]='Paket haqiqiy: %s versiyasi' [files]='Fayllar oʻrnatilmoqda' [bad_settings]='Sozlamalar notoʻgʻri; %s oʻzgartirilmadi'
  [starting]='Xizmat ishga tushirilmoqda' [inactive]='Shlyuz xizmati ishlamayapti. Uning xabarlari: journalctl -u staff-gateway. Yordam: %s'
  [status]='Holati: %s' [enrolling]='Shlyuz ulanishi kutilmoqda' [enrolled]='Shlyuz ulandi; token %s faylidan oʻchirildi'
  [not_enrolled]='Shlyuz hali ulanmadi. U urinishda davom etadi; ulangach, token oʻchiriladi'
  [testing]='Server bilan aloqa tekshirilmoqda' [no_connection]='Shlyuz oʻrnatildi va ishlayapti, lekin aloqa yoʻq. U urinishda davom etadi. Tarmoq talablari: %s'
  [done]='Shlyuz oʻrnatildi.' [next]='Keyingi qadamlar:' [next_dashboard]='Boshqaruv paneli: %s' [next_adapters]='Qurilma adapterlarini sozlash: %s'
  [next_monitoring]='Monitoringni sozlash: %s' [help]='Yordam kerakmi? %s'
  [removing]='Shlyuz oʻchirilmoqda' [removed]='Shlyuz oʻchirildi. Sozlamalar, maʼlumotlar va jurnal %s ichida qoldi'
  [sure]='Sozlamalar, jurnal va hali yetkazilmagan hamma narsa yoʻqoladi. Davom etilsinmi? [y/N] ' [purged]='Shlyuz barcha maʼlumotlari bilan oʻchirildi. Uni boshqaruv panelida bekor qiling'
  [nothing]='Hech narsa oʻzgartirilmadi'
)

# text KEY ARG… prints in the language of the terminal.
text() {
  local key=$1 format
  shift
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    uz*) format=${uz[$key]} ;;
    ru*) format=${ru[$key]} ;;
    *) format=${en[$key]} ;;
  esac
  # shellcheck disable=SC2059 # the formats are those above
  printf "$format" "$@"
}

say() { text "$@" && echo; }

# fail CODE KEY ARG… ends the script.
fail() {
  local code=$1
  shift
  say "$@" >&2
  exit "$code"
}

# page NAME is where a page of the manual is: on this machine if the network may be away.
page() {
  if [ -n "$package" ] && [ -r "$manual/$1.md" ]; then
    echo "${manual#"$root"}/$1.md"
  else
    echo "$DOCS_URL/$1"
  fi
}

# --- arguments -------------------------------------------------------------------------------------------------------

arguments() {
  local words=()
  while [ $# -gt 0 ]; do
    case $1 in
      --server | --name | --proxy | --ca-file | --from-file | --releases | --wait)
        [ $# -gt 1 ] || usage
        option "$1" "$2"
        shift
        ;;
      --server=* | --name=* | --proxy=* | --ca-file=* | --from-file=* | --releases=* | --wait=*) option "${1%%=*}" "${1#*=}" ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      --yes) yes=yes ;;
      --forget-token) action=forget ;; # what staff-gateway-enrolled.service calls
      -?*) usage ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  [ -z "$purge" ] || [ "$action" = uninstall ] || usage
  if [ "$action" != install ]; then
    [ ${#words[@]} -eq 0 ] || usage
    return
  fi
  positional ${words[@]+"${words[@]}"}
}

option() {
  case $1 in
    --server) server=${2%/} ;;
    --name) location=$2 ;;
    --proxy) proxy=$2 ;;
    --ca-file) ca_file=$2 ;;
    --from-file) package=$2 signature=$2.sig ;;
    --releases) RELEASES_URL=$2 ;;
    --wait) patience=$2 ;;
  esac
}

# positional tells the two forms of the call apart by what looks like a version: an organization's id never does.
positional() {
  if [ $# -gt 0 ] && [[ $1 =~ ^(latest|v[0-9].*|[0-9]+\.[0-9]+.*)$ ]]; then
    version=${1#v} named=yes
    shift
  fi
  case $# in
    0) ;;
    2) organization=$1 token=$2 ;;
    *) usage ;;
  esac
  [ "$token" != - ] || IFS= read -r token || usage
  if [ $# -eq 0 ] && [ ! -e "$settings" ]; then
    [ -t 0 ] || usage
    guided=yes
  fi
}

is_organization() { [[ $1 =~ ^[1-9][0-9]{0,17}$ ]]; }
is_token() { [[ $1 =~ ^[A-Za-z0-9._-]{1,500}$ ]]; }
is_location() { [[ ${#1} -le 255 && ! $1 =~ [[:cntrl:]] ]]; }
is_server() { [[ $1 =~ ^https?://[A-Za-z0-9.:/_-]+$|^https?://\[[0-9A-Fa-f:.]+\](:[0-9]+)?$ ]]; }
is_proxy() { [[ -z $1 || $1 =~ ^(https?|socks5)://[^[:space:]\'\"[:cntrl:]]+$ ]]; }

# validate says what is wrong with what was given on the command line.
validate() {
  [[ $patience =~ ^[0-9]{1,5}$ ]] || usage
  if [ -n "$organization$token" ]; then
    is_organization "$organization" || fail $USAGE bad_organization
    is_token "$token" || fail $USAGE bad_token
  fi
  is_location "$location" || fail $USAGE bad_location
  is_server "$server" || fail $USAGE bad_server
  is_proxy "$proxy" || fail $USAGE bad_proxy
  [ -z "$ca_file" ] || grep -qs -e '-----BEGIN CERTIFICATE-----' "$ca_file" || fail $USAGE bad_ca "$ca_file"
}

# ask VARIABLE CHECK KEY ARG… asks until the answer is good; an empty one leaves the variable as it is.
ask() {
  local into=$1 check=$2 answer
  shift 2
  if [ "$into" = token ]; then # nothing of it is shown, however early it is typed
    trap 'stty echo' EXIT
    stty -echo
  fi
  while :; do
    text "$@" >&2
    IFS= read -r answer || exit $USAGE
    [ "$into" != token ] || echo >&2
    answer=${answer:-${!into}}
    "is_$check" "$answer" && break
    say "bad_$check" >&2
  done
  if [ "$into" = token ]; then
    stty echo
    trap - EXIT
  fi
  printf -v "$into" %s "$answer"
}

guide() {
  say guide
  ask organization organization ask_organization
  ask token token ask_token
  ask location location ask_location
  ask server server ask_server "$server"
}

# --- what belongs to the service's user ------------------------------------------------------------------------------

# as_user COMMAND… runs it as the service's user, without the terminal. All below $state and $logs is that user's: a link
# or a pipe put there by somebody who has taken the gateway over would lead root astray, so root touches nothing in there.
as_user() {
  local as=(timeout --foreground -s KILL 300 setsid)
  [ "$(id -u)" -ne 0 ] || as+=(setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs)
  (cd / && exec "${as[@]}" "$@") </dev/null
}

# theirs FILE prints a file of that user's. What it says is that user's word.
theirs() {
  # shellcheck disable=SC2016 # the other shell fills it in
  as_user sh -c '[ -f "$1" ] && [ ! -L "$1" ] && exec head -c 65536 -- "$1"' sh "$1" 2>/dev/null
}

# --- package ---------------------------------------------------------------------------------------------------------

check_prerequisites() {
  say checking
  [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail $MISSING no_root "$0"
  case $(uname -m) in x86_64 | aarch64) ;; *) fail $MISSING no_arch "$(uname -m)" ;; esac
  local tool tools=(gpg tar gzip useradd systemctl setpriv setsid timeout)
  [ -n "$package" ] || tools+=(curl)
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || fail $MISSING no_tool "$tool"
  done
  [ -d "$root/run/systemd/system" ] || fail $MISSING no_systemd "$(page docker-setup)"
  say docker "$(page docker-setup)"
  say ready
}

# fetch NAME downloads a file of the release.
fetch() {
  local url=$RELEASES_URL/gateway/$version/$1 options=(-fL --proto '=https,http,file' --connect-timeout 20 --retry 3 -o "$work/$1")
  [ -z "$proxy" ] || options+=(--proxy "$proxy")
  if [ -t 2 ]; then options+=(--progress-bar); else options+=(-sS); fi
  say downloading "$url"
  curl "${options[@]}" "$url" || fail $DOWNLOAD no_download "$url"
}

obtain() {
  if [ -z "$package" ]; then
    local name
    name=gateway-linux-$(uname -m).tar.gz
    fetch "$name"
    fetch "$name.sig"
    archive=$work/$name signature=$work/$name.sig
    return
  fi
  archive=$work/package.tar.gz # a copy: what is verified is what is installed
  cp -- "$package" "$archive" 2>/dev/null || fail $DOWNLOAD no_package "$package"
  cp -- "$signature" "$archive.sig" 2>/dev/null || fail $SIGNATURE tampered "$package" "$SUPPORT"
  signature=$archive.sig
}

# verify believes the key above alone, whatever keys are on this machine.
verify() {
  say verifying
  [ -n "$RELEASE_KEY" ] || fail $SIGNATURE no_key
  mkdir -m 0700 "$work/gnupg"
  base64 -d <<<"$RELEASE_KEY" >"$work/gnupg/release.gpg" || fail $SIGNATURE no_key
  gpg --homedir "$work/gnupg" --batch --no-default-keyring --keyring "$work/gnupg/release.gpg" --trust-model always \
    --status-fd 3 --verify "$signature" "$archive" 3>"$work/verdict" 2>"$work/gpg" &&
    grep -q '^\[GNUPG:\] GOODSIG ' "$work/verdict" && return
  cat "$work/gpg" >&2
  fail $SIGNATURE tampered "${package:-$RELEASES_URL/gateway/$version/${archive##*/}}" "$SUPPORT"
}

# unpack puts the package into $work/package and asks its program for its version.
unpack() {
  mkdir "$work/package"
  tar -xzf "$archive" -C "$work/package" --no-same-owner || fail $SIGNATURE bad_package
  local is was file
  for file in gateway staff-control install-gateway.sh staff-gateway.logrotate gateway.yml "${services[@]}"; do
    [ -f "$work/package/$file" ] || fail $SIGNATURE bad_package
  done
  is=$(version_of "$work/package/staff-control" 2>/dev/null) || fail $SIGNATURE bad_package
  [ "$version" = latest ] || [ "$version" = "$is" ] || fail $SIGNATURE other_version "$is" "$version"
  was=$({ version_of "$lib/staff-control" && fetched; } 2>/dev/null | newest) || true # nothing, where nothing is installed
  if [ -z "$named" ] && [ -n "$was" ] && [ "$(printf '%s\n' "$was" "$is" | newest)" != "$is" ]; then
    fail $SETTINGS older "$was" "$is"
  fi
  version=$is
  say verified "$version"
}

# fetched prints the version that the gateway fetched itself, if it runs one.
fetched() { theirs "$state/slots/state" | sed -nE 's/^version=([0-9A-Za-z.+-]{1,64})$/\1/p'; }

# newest prints the newest of the versions that it reads; 2.1.0-rc.1 comes before 2.1.0.
newest() { tr - '~' | sort -V | tail -n 1 | tr '~' -; }

# version_of PROGRAM prints its version, without a v.
version_of() { "$1" version | sed -E '1s/^staff-control v?([^ ]+).*/\1/;1q'; }

# --- installation ----------------------------------------------------------------------------------------------------

# put MODE FROM TO replaces a file as a whole, also one that runs.
put() {
  install -m "$1" -- "$2" "$3.new"
  mv -f -- "$3.new" "$3"
}

make_user() {
  getent group "$user" >/dev/null || groupadd --system "$user"
  getent passwd "$user" >/dev/null ||
    useradd --system --gid "$user" --home-dir /var/lib/staff-gateway --no-create-home --shell /bin/false "$user"
}

make_directories() {
  install -d -m 0755 "$lib" "$manual" "$units" "${launcher%/*}" "${rotation%/*}"
  install -d -m 0750 "$etc" "$state" "$logs"
  chown root:"$user" "$etc"
  chown "$user:$user" "$state" "$logs"
}

# empty_slots forgets what the gateway fetched itself: the package's version is meant now.
empty_slots() { as_user rm -rf -- "$state/slots" && as_user mkdir -m 0750 -- "$state/slots" || exit $SERVICE; }

put_files() {
  local from=$work/package file
  put 0755 "$from/staff-control" "$lib/staff-control"
  put 0755 "$from/install-gateway.sh" "$lib/install-gateway.sh"
  put 0755 "$from/gateway" "$launcher"
  for file in "${services[@]}"; do
    put 0644 "$from/$file" "$units/$file"
  done
  put 0644 "$from/staff-gateway.logrotate" "$rotation"
  for file in "$from"/*.md "$from/gateway.yml"; do
    put 0644 "$file" "$manual/${file##*/}"
  done
  if command -v restorecon >/dev/null; then
    restorecon "$state" "$logs"
    restorecon -R "$lib" "$launcher" "$units" "$etc"
  fi
}

# quoted prints a text as YAML has it between single quotes.
quoted() { printf "'%s'" "${1//\'/\'\'}"; }

# new_settings prints the settings of a gateway that has none.
new_settings() {
  cat <<END
# Written by install-gateway.sh. Every setting there is: gateway config example
role: gateway
data: /var/lib/staff-gateway

server:
  url: $server
  control_url: ws${server#http}/v2/gateway/socket

organization:
  id: $organization
  # used once, to enrol; then it is erased
  provisioning_token: $token

uplink:
  name: $(quoted "$location")
${proxy:+  proxy: $(quoted "$proxy")
}${ca_file:+  ca_file: /etc/staff-gateway/ca.pem
}
buffer:
  path: /var/lib/staff-gateway/buffer.sqlite
  max_size: 1GB
  retention_days: 7

adapters:
  hikvision:
    enabled: true
  zkteco:
    enabled: true

logging:
  level: info
  file: /var/log/staff-gateway/gateway.log
END
}

# protect FILE lets root write it and the gateway read it.
protect() { chown root:"$user" "$1" && chmod 0640 "$1"; }

# has_organization prints the organization of the settings that are there.
has_organization() { sed -nE '/^organization:/,/^[^ #]/s/^ +id: *([0-9]+).*/\1/p' "$settings" | head -n 1; }

is_enrolled() { theirs "$state/gateway.json" | grep -E '"gatewayId": *"[^"]' >/dev/null; }

# with_token prints the settings that are there with another token.
with_token() { sed -E "s/^( +provisioning_token:).*/\\1 $1/" "$settings"; }

# put_settings writes new settings, or keeps those that are there and gives them the new token, if it is still of use.
put_settings() {
  (
    umask 077
    if [ ! -e "$settings" ]; then
      [ -z "$ca_file" ] || put 0644 "$ca_file" "$etc/ca.pem"
      new_settings >"$settings.new"
    elif [ -n "$token" ] && ! is_enrolled; then
      with_token "$token" >"$settings.new"
    else
      cat "$settings" >"$settings.new"
    fi
  )
  if ! "$lib/staff-control" gateway --config "$settings.new" --check-config; then
    rm -f "$settings.new"
    fail $SETTINGS bad_settings "${settings#"$root"}"
  fi
  protect "$settings.new"
  mv -f "$settings.new" "$settings"
}

start() {
  say starting
  systemctl daemon-reload
  systemctl enable staff-gateway
  systemctl restart staff-gateway || true # whether it works is asked below
  systemctl is-active --quiet staff-gateway || fail $SERVICE inactive "$(page troubleshooting)"
  say status "$(systemctl is-active staff-gateway)"
}

# forget_token erases the token once the gateway is enrolled. It fails while that is not so.
forget_token() {
  is_enrolled || return
  if grep -E '^ +provisioning_token:' "$settings" | grep -qvF '""'; then
    (umask 077 && with_token '""' >"$settings.new") && protect "$settings.new" && mv -f "$settings.new" "$settings" || return
  fi
  systemctl disable --now --quiet staff-gateway-enrolled.path
}

# await_enrolment waits for it a while, and leaves the rest to staff-gateway-enrolled.path.
await_enrolment() {
  say enrolling
  local waited=0
  until forget_token; do
    if [ "$waited" -ge "$patience" ]; then
      systemctl enable --now --quiet staff-gateway-enrolled.path
      forget_token || { say not_enrolled && return; } # between the last look and the path's first
    fi
    sleep 1
    waited=$((waited + 1))
  done
  say enrolled "${settings#"$root"}"
}

next_steps() {
  local dashboard=$DASHBOARD_URL/gateways help=$SUPPORT
  [ -z "$package" ] || help="$(page troubleshooting), $SUPPORT"
  say "done"
  say next
  echo "  1. $(text next_dashboard "$dashboard")"
  echo "  2. $(text next_adapters "$(page adapters)")"
  echo "  3. $(text next_monitoring "$(page monitoring)")"
  say help "$help"
}

install_gateway() {
  validate
  check_prerequisites
  if [ -e "$settings" ]; then
    local was
    was=$(has_organization)
    [ -z "$organization" ] || [ -z "$was" ] || [ "$organization" = "$was" ] || fail $SETTINGS other_organization "$was" "$0"
    say upgrading "$version"
  else
    say installing "$version"
    [ -z "$guided" ] || guide
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  obtain
  verify
  unpack
  say files
  make_user
  make_directories
  put_files
  empty_slots
  put_settings
  start
  await_enrolment
  say testing
  as_user "$lib/staff-control" --config "$settings" --test-connection || fail $CONNECTION no_connection "$(page network)"
  next_steps
}

uninstall() {
  [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail $MISSING no_root "$0"
  if [ -n "$purge" ] && [ -z "$yes" ]; then
    local answer=''
    [ ! -t 0 ] || { text sure >&2 && IFS= read -r answer; }
    case $answer in y* | Y* | д* | Д* | h* | H*) ;; *) fail $USAGE nothing ;; esac
  fi
  say removing
  systemctl disable --now --quiet staff-gateway-enrolled.path staff-gateway 2>/dev/null || true
  rm -f "$units"/staff-gateway.service "$units"/staff-gateway-enrolled.{path,service} "$launcher" "$rotation"
  rm -rf "$lib" "$manual"
  systemctl daemon-reload
  if [ -z "$purge" ]; then
    say removed "${etc#"$root"}, ${state#"$root"}, ${logs#"$root"}"
    return
  fi
  if getent passwd "$user" >/dev/null; then
    as_user rm -rf -- "$state" "$logs" 2>/dev/null || true # they are empty then, but lie in directories of root's
    userdel "$user"
  else
    rm -rf -- "$state" "$logs"
  fi
  rm -rf "$etc"
  local dir
  for dir in "$state" "$logs"; do
    [ ! -d "$dir" ] || rmdir -- "$dir" || true # it says so if something in there was not the gateway's
  done
  if getent group "$user" >/dev/null; then groupdel "$user"; fi
  say purged
}

main() {
  arguments "$@"
  case $action in
    install) install_gateway ;;
    uninstall) uninstall ;;
    forget) forget_token || ! is_enrolled ;; # it is called for other changes as well
  esac
}

main "$@"
