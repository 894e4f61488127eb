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
    local log
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "cannot install: ${missing[*]} (apt's words are above)" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
    echo "installed ${missing[*]}"
}

need_swift() {
    if ! command -v swift >/dev/null; then
        echo "missing: a Swift 6.3 toolchain (https://www.swift.org/install/linux/)" >&2
        return 1
    fi
}

# What building takes, and what ZooKeeper takes beside it.
build_packages=(libzookeeper-mt-dev libc-ares-dev)
zookeeper_packages=(libzookeeper-java default-jre-headless)
