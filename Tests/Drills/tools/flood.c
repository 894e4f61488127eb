// Floods a DNS server at 127.0.0.1 with malformed and mutated queries, good ones in between, and holds the replies against their limits.
//
// flood PORT udp|tcp PACKETS BIG GOOD SEED...: the files hold a query each; BIG has a long answer and no OPT record, GOOD has an answer that
// fits anywhere. After each burst a good query shows that the server is through with the burst: nothing is lost for want of room. The same
// packets in every run. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS = 8,
    BURST = 63,
    LONGEST = 4300,  // octets of a mutant: more than the server looks at
    PATIENCE = 2000,  // milliseconds after which a good query counts as not answered
    UNFRAGMENTED = 1232, PLAIN = 512,
    SEEDS = 64,
};

struct message {
    unsigned length;
    uint8_t octets[LONGEST];
};
struct client {
    int descriptor;
    uint16_t round;
    uint16_t limits[BURST];  // of the replies to a burst, by the query's ID
};

static struct message seeds[SEEDS], big, good, burst[BURST];
static unsigned seed_count, port, burst_count = BURST;
static uint64_t sent, replies, longest, over, odd, asked, unanswered, wrong, refused;

static uint64_t draw(void) {  // xorshift64
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static unsigned below(unsigned bound) { return (unsigned)((draw() >> 32) * bound >> 32); }

static unsigned number(const uint8_t *octets) { return (unsigned)(octets[0] << 8 | octets[1]); }

static void put(uint8_t *octets, unsigned value) { octets[0] = (uint8_t)(value >> 8), octets[1] = (uint8_t)value; }

static void load(struct message *message, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) perror(path), exit(1);
    message->length = (unsigned)fread(message->octets, 1, LONGEST / 2, file);
    fclose(file);
    if (message->length < 12) fprintf(stderr, "%s: no query\n", path), exit(1);
}

// Makes a query of another size known to the server: an OPT record behind it.
static unsigned append_opt(struct message *message, unsigned size) {
    uint8_t record[11] = {0, 0, 41};
    put(record + 3, size);
    memcpy(message->octets + message->length, record, sizeof record);
    message->length += sizeof record;
    put(message->octets + 10, 1);
    return size < PLAIN ? PLAIN : size > UNFRAGMENTED ? UNFRAGMENTED : size;
}

static void mutate(struct message *message) {
    static const uint8_t sharp[] = {0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF};
    for (unsigned changes = 1 + below(6); changes > 0 && message->length > 0; changes--) {
        unsigned place = below(message->length);
        switch (below(8)) {
        case 0: message->octets[place] ^= (uint8_t)(1 << below(8)); break;
        case 1: message->octets[place] = (uint8_t)draw(); break;
        case 2: message->octets[place] = sharp[below(sizeof sharp)]; break;
        case 3: message->length = place; break;
        case 4:  // Longer, by a little or by a lot.
            for (unsigned more = 1 + below(below(16) ? 24 : LONGEST); more > 0 && message->length < LONGEST; more--)
                message->octets[message->length++] = (uint8_t)draw();
            break;
        case 5:  // A pointer, most often to somewhere near.
            if (place + 1 < message->length) put(message->octets + place, 0xC000 | below(below(4) ? 64 : 0x4000));
            break;
        case 6:  // A count of records.
            if (message->length >= 12) put(message->octets + 4 + 2 * below(4), below(2) ? below(4) : (unsigned)draw() & 0xFFFF);
            break;
        default: {  // The rest of another seed.
            struct message *other = &seeds[below(seed_count)];
            if (place < other->length) {
                memcpy(message->octets + place, other->octets + place, other->length - place);
                message->length = other->length;
            }
        }
        }
    }
}

// The next packet, and how long a UDP reply to it may be.
static unsigned make(struct message *message) {
    unsigned kind = below(16);
    if (kind < 2) {
        *message = big;
        if (kind == 0) return PLAIN;
        return append_opt(message, below(2) ? below(2048) : (unsigned)draw() & 0xFFFF);
    }
    if (kind == 2) {
        message->length = below(512);
        for (unsigned index = 0; index < message->length; index++) message->octets[index] = (uint8_t)draw();
    } else {
        *message = seeds[below(seed_count)];
        if (kind > 3) mutate(message);
    }
    // Where an OPT record may stand it may ask for any size.
    return message->length >= 12 && number(message->octets + 10) == 0 ? PLAIN : UNFRAGMENTED;
}

static void make_burst(struct client *client) {
    client->round++;
    for (unsigned index = 0; index < burst_count; index++) {
        client->limits[index] = (uint16_t)make(&burst[index]);
        // IDs tell the replies apart; the first bit is the good queries' own.
        if (burst[index].length >= 2) put(burst[index].octets, (client->round & 0x1FF) << 6 | index);
    }
    put(good.octets, 0x8000 | client->round);
}

// Counts a reply; whether it answers the good query.
static int judge(struct client *client, const uint8_t *reply, unsigned length, int is_udp) {
    replies++;
    if (length > longest) longest = length;
    if (length < 12 || !(reply[2] & 0x80)) return odd++, 0;
    unsigned id = number(reply);
    if (id & 0x8000) {
        if (id != (0x8000u | client->round)) return odd++, 0;
        unsigned end = good.length - (good.octets[11] ? 11 : 0);
        if ((reply[3] & 15) != 0 || number(reply + 6) == 0 || length < end || memcmp(reply + 12, good.octets + 12, end - 12) != 0) wrong++;
        return 1;
    }
    // A query of fewer than two octets has no ID of ours, but no reply either.
    if (is_udp && (id >> 6 == (client->round & 0x1FF) && (id & 63) < burst_count ? length > client->limits[id & 63] : length > UNFRAGMENTED)) over++;
    return 0;
}

static int open_socket(int type) {
    int descriptor = socket(AF_INET, type, 0);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(descriptor, (struct sockaddr *)&server, sizeof server) != 0) perror("connect"), exit(1);
    return descriptor;
}

static int is_readable(struct client *client) {
    return poll(&(struct pollfd){.fd = client->descriptor, .events = POLLIN}, 1, PATIENCE) > 0;
}

static void flood_udp(struct client *client) {
    make_burst(client);
    struct mmsghdr packets[BURST + 1];
    struct iovec vectors[BURST + 1];
    memset(packets, 0, sizeof packets);
    for (unsigned index = 0; index <= burst_count; index++) {
        struct message *message = index == burst_count ? &good : &burst[index];
        vectors[index] = (struct iovec){message->octets, message->length};
        packets[index].msg_hdr.msg_iov = &vectors[index], packets[index].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned done = 0; done <= burst_count;) {
        int more = sendmmsg(client->descriptor, packets + done, burst_count + 1 - done, 0);
        if (more <= 0) refused++;
        done += more > 0 ? (unsigned)more : 1;
    }
}

static void take_udp(struct client *client) {
    static uint8_t reply[65536];
    while (is_readable(client)) {
        ssize_t length = recv(client->descriptor, reply, sizeof reply, 0);
        if (length >= 0 && judge(client, reply, (unsigned)length, 1)) return;
    }
    unanswered++;
}

static int send_all(struct client *client, const uint8_t *octets, size_t length) {
    while (length > 0) {
        ssize_t more = send(client->descriptor, octets, length, MSG_NOSIGNAL);
        if (more <= 0) return 0;
        octets += more, length -= (size_t)more;
    }
    return 1;
}

static int receive_all(struct client *client, uint8_t *octets, size_t length) {
    while (length > 0) {
        if (!is_readable(client)) return 0;
        ssize_t more = recv(client->descriptor, octets, length, 0);
        if (more <= 0) return 0;
        octets += more, length -= (size_t)more;
    }
    return 1;
}

static void flood_tcp(struct client *client) {
    static uint8_t frames[(BURST + 1) * (LONGEST + 2)];
    make_burst(client);
    size_t length = 0;
    for (unsigned index = 0; index <= burst_count; index++) {
        struct message *message = index == burst_count ? &good : &burst[index];
        put(frames + length, message->length);
        memcpy(frames + length + 2, message->octets, message->length);
        length += 2 + message->length;
    }
    if (!send_all(client, frames, length)) refused++;
}

static void take_tcp(struct client *client) {
    static uint8_t reply[65536];
    for (;;) {
        if (!receive_all(client, reply, 2) || !receive_all(client, reply + 2, number(reply))) {
            unanswered++;
            break;
        }
        if (judge(client, reply + 2, number(reply), 0)) break;
    }
    if (below(64)) return;
    // Now and then a frame whose length is a lie, and no good end.
    struct message lie;
    make(&lie);
    put(reply, below(2) ? below(lie.length + 1) : lie.length + below(60000));
    if (send_all(client, reply, below(3)) && send_all(client, lie.octets, lie.length)) sent++;
    if (below(2)) setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(client->descriptor);
    client->descriptor = open_socket(SOCK_STREAM);
}

int main(int count, char **arguments) {
    if (count < 7) return fprintf(stderr, "flood PORT udp|tcp PACKETS BIG GOOD SEED...\n"), 64;
    port = (unsigned)atoi(arguments[1]);
    int is_udp = strcmp(arguments[2], "udp") == 0;
    uint64_t most = strtoull(arguments[3], NULL, 10);
    load(&big, arguments[4]), load(&good, arguments[5]);
    for (int index = 6; index < count && seed_count < SEEDS; index++) load(&seeds[seed_count++], arguments[index]);
    // Over TCP few at once: all of their longest replies find room on the way.
    if (!is_udp) burst_count = 15;
    static struct client clients[CLIENTS];
    for (unsigned index = 0; index < CLIENTS; index++) clients[index].descriptor = open_socket(is_udp ? SOCK_DGRAM : SOCK_STREAM);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (sent < most) {
        for (unsigned index = 0; index < CLIENTS; index++) {
            (is_udp ? flood_udp : flood_tcp)(&clients[index]);
            sent += burst_count, asked++;
        }
        for (unsigned index = 0; index < CLIENTS; index++) (is_udp ? take_udp : take_tcp)(&clients[index]);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("{\"seconds\": %.2f, \"sent\": %lu, \"refused\": %lu, \"replies\": %lu, \"longest\": %lu, \"over\": %lu, \"odd\": %lu, "
           "\"good\": %lu, \"wrong\": %lu, \"unanswered\": %lu}\n",
           seconds, sent, refused, replies, longest, over, odd, asked, wrong, unanswered);
    return 0;
}
