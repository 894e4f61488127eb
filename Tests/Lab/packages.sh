# Sourced: need_packages PACKAGE... installs with apt what is missing; with nothing missing it needs no root.

need_packages() {
    local package missing=()
    for package in "$@"; do
        case $package in
            *jre-headless) command -v java >/dev/null || missing+=("$package") ;;
            *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package") ;;
        esac
    done
    if ((${#missing[@]} == 0)); then return 0; fi
    if ((EUID != 0)); then
        echo "missing packages: ${missing[*]}; run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "    installing ${missing[*]}"
    local log status=0
    log=$(mktemp)
    install_quietly "${missing[@]}" >"$log" 2>&1 || status=$?
    if ((status != 0)); then
        tail -n 5 "$log" >&2
        echo "cannot install: ${missing[*]} (apt's words are above)" >&2
    fi
    rm -f "$log"
    return "$status"
}

# Installs packages without their services being started, now or at the next boot: a name server at port 53 was not asked for.
install_quietly() (
    status=0
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        # In a shell of its own, whose end takes it away again whatever happens.
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } || status=$?
    # A package's services are not always called as it is: bind9 has named.
    for service in $(dpkg -L "$@" 2>/dev/null | sed -n 's,.*/lib/systemd/system/\([^/]*\.service\)$,\1,p'); do
        systemctl disable --quiet "$service" 2>/dev/null || true
    done
    exit "$status"
)

need_swift() {
    if ! command -v swift >/dev/null; then
        echo "missing: a Swift 6.3 toolchain (https://www.swift.org/install/linux/)" >&2
        return 1
    fi
}

# Where to build: the usual place, or another one where that belongs to another user, such as root on an earlier run.
build_folder() {
    if [[ -w .build || ! -e .build ]]; then echo .build; else echo ".build-$(id -un)"; fi
}

# What building takes, and what ZooKeeper takes beside it.
build_packages=(libzookeeper-mt-dev libc-ares-dev zlib1g-dev)
zookeeper_packages=(libzookeeper-java default-jre-headless)

# How to build what users run. Sourced in the checkout. In a folder of its own, so that it can be built while tests run in the other.
release=(-c release --static-swift-stdlib --scratch-path "$(build_folder)/program")
