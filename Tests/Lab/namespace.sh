# Sourced: a network namespace of a script's own, with addresses of both families and an empty ZooKeeper at port 2181.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# make_namespace NAME: its files in /etc, such as resolv.conf, are those of /etc/netns/NAME.
make_namespace() {
    namespace=$1
    mkdir -p "/etc/netns/$namespace"
    ip netns add "$namespace"
    inside ip link set lo up
    # getent asks only for families of which the machine has an address other than a loopback one (AI_ADDRCONFIG).
    inside ip address add 198.51.100.1/32 dev lo
    inside ip address add 2001:db8:ffff::1/128 dev lo nodad
}

# remove_namespace: with all that runs in it.
remove_namespace() {
    [[ -n ${namespace-} ]] || return 0
    ip netns pids "$namespace" 2>/dev/null | xargs -r kill -9 || true
    ip netns del "$namespace" 2>/dev/null || true
    rm -rf "/etc/netns/$namespace"
    rmdir /etc/netns 2>/dev/null || true
}

# inside COMMAND...: runs a command in the namespace.
inside() { ip netns exec "$namespace" "$@"; }

# wait_for FOLDER COMMAND...: until the command succeeds, 60 seconds at most; then ends the script, with the ends of the folder's logs.
wait_for() {
    local folder=$1 deadline=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            echo "!!! not within 60 s: $*" >&2
            tail -n 25 "$folder"/*.log >&2
            exit 1
        fi
        read -rt 0.05 <> <(:) || true
    done
}

# start_zookeeper FOLDER: until it serves; its log and data in the folder.
start_zookeeper() {
    inside "$lab/zookeeper" 2181 "$1/zookeeper" >"$1/zookeeper.log" 2>&1 &
    wait_for "$1" inside "$lab/zookeeper-ready" 2181
}
