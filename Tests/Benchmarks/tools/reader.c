// Reads a whole registry with ZooKeeper's C client and nothing around it: what any reader has to wait for.
//
// reader HOST:PORT PATH: lists the path and each child with a watch, gets each grandchild; prints seconds from the connection on and counts.
// reader HOST:PORT PATH NAME: lists the path and the znode of that name below each child with a watch, and gets nothing.
#define _GNU_SOURCE
#define THREADED 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

enum { WINDOW = 500 };

// All of this is touched on the client's completion thread only.
static const char *root, *tail;
static char **waiting;
static size_t first, last, room;
static unsigned under_way, services, providers;
static unsigned long octets;
static struct timespec start;

static void got(int code, const char *value, int length, const struct Stat *stat, const void *data);
static void listed(int code, const struct String_vector *names, const void *data);

static void push(char *path) {
    if (last == room) waiting = realloc(waiting, (room = room ? room * 2 : 1024) * sizeof *waiting);
    waiting[last++] = path;
}

static zhandle_t *handle;

static void pump(void) {
    while (under_way < WINDOW && first < last) {
        char *path = waiting[first++];
        int is_service = tail || strchr(path + strlen(root) + 1, '/') == NULL;
        int code = is_service ? zoo_aget_children(handle, path, 1, listed, path) : zoo_aget(handle, path, 0, got, path);
        if (code != ZOK) fprintf(stderr, "%s: %s\n", path, zerror(code)), exit(1);
        under_way++;
    }
    if (under_way == 0) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("{\"seconds\": %.6f, \"services\": %u, \"providers\": %u, \"octets\": %lu}\n",
               (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9, services, providers, octets);
        exit(0);
    }
}

static void got(int code, const char *value, int length, const struct Stat *stat, const void *data) {
    (void)value, (void)stat;
    if (code != ZOK) fprintf(stderr, "%s: %s\n", (const char *)data, zerror(code)), exit(1);
    octets += length > 0 ? (unsigned long)length : 0;
    providers++, under_way--;
    free((void *)data);
    pump();
}

static void listed(int code, const struct String_vector *names, const void *data) {
    const char *parent = data ? data : root;
    if (code != ZOK) fprintf(stderr, "%s: %s\n", parent, zerror(code)), exit(1);
    for (int i = 0; i < names->count; i++) {
        if (tail && data) {
            octets += strlen(names->data[i]);
            providers++;
            continue;
        }
        char *path;
        if (asprintf(&path, "%s/%s%s%s", parent, names->data[i], tail ? "/" : "", tail ? tail : "") < 0) exit(1);
        push(path);
    }
    if (data) services++, free((void *)data);
    under_way--;
    pump();
}

static void watch(zhandle_t *zookeeper, int type, int state, const char *path, void *context) {
    (void)path, (void)context;
    if (type != ZOO_SESSION_EVENT || state != ZOO_CONNECTED_STATE || handle) return;
    handle = zookeeper;
    under_way = 1;
    zoo_aget_children(handle, root, 1, listed, NULL);
}

int main(int count, char **arguments) {
    if (count != 3 && count != 4) return fprintf(stderr, "usage: reader HOST:PORT PATH [NAME]\n"), 64;
    root = arguments[2];
    if (count == 4) tail = arguments[3];
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    clock_gettime(CLOCK_MONOTONIC, &start);
    zhandle_t *zookeeper = zookeeper_init2(arguments[1], watch, 30000, NULL, NULL, ZOO_NO_LOG_CLIENTENV, NULL);
    if (!zookeeper) return perror("zookeeper_init2"), 1;
    zoo_set_servers_resolution_delay(zookeeper, -1);
    for (;;) pause();
}
