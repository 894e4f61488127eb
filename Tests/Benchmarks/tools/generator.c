// Asks a DNS server at 127.0.0.1 over UDP as fast as it answers, or at a rate, and checks every response.
//
// generator PORT QUESTIONS SECONDS RATE WINDOW [blind]: RATE in queries a second, 0 for as many as are answered, with at most WINDOW under way
// on each of 8 sockets; `blind` checks only ID and QR,
// for the floor. QUESTIONS is a file of records: octets of the query (2), rcode (1), answers (2), all big-endian, then the query.
// Which question comes next is drawn at random, the same way in every run. Ends SECONDS later and prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    SOCKETS = 8,   // each with a port of its own
    SLOTS = 2048,  // places for queries under way on a socket, a power of two; more than a window, for what is lost or late at a rate
    BATCH = 64,
    RESPONSE = 4096,
};
static const uint64_t LOST = 1000000000;  // nanoseconds after which a query counts as not answered

struct question {
    const uint8_t *octets;
    uint16_t length, answers;
    uint8_t code;
};
struct slot {
    const struct question *question;  // NULL: free
    uint64_t sent;
    uint16_t id;
};
struct client {
    int descriptor;
    uint16_t next;
    uint32_t under_way;
    struct slot slots[SLOTS];
};

static struct question *questions;
static size_t question_count;
static struct client clients[SOCKETS];
static uint64_t sent, answered, wrong, lost, behind, octets;
static uint64_t records[3];  // in the answer, authority and additional sections of all responses
static int blind;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint32_t draw(void) {  // xorshift32
    static uint32_t state = 2463534242u;
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state;
}

static uint16_t number(const uint8_t *octets) { return (uint16_t)(octets[0] << 8 | octets[1]); }

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) perror(path), exit(1);
    long size = ftell(file);
    rewind(file);
    uint8_t *octets = malloc((size_t)size);
    if (size <= 0 || fread(octets, 1, (size_t)size, file) != (size_t)size) perror(path), exit(1);
    fclose(file);
    questions = calloc((size_t)size / 17 + 1, sizeof *questions);
    for (uint8_t *next = octets; next < octets + size; next += 5 + number(next))
        questions[question_count++] = (struct question){next + 5, number(next), number(next + 3), next[2]};
}

// Sends up to `most` queries on a socket.
static void ask(struct client *client, unsigned most, uint64_t time) {
    static uint8_t headers[BATCH][2];
    static struct iovec vectors[BATCH][2];
    static struct mmsghdr packets[BATCH];
    unsigned count = 0;
    for (unsigned tries = 0; count < most && count < BATCH; tries++) {
        if (tries == SLOTS) {
            behind++;
            break;
        }
        uint16_t id = client->next++;
        struct slot *slot = &client->slots[id % SLOTS];
        if (slot->question) {
            if (time - slot->sent < LOST) continue;
            lost++, client->under_way--;
        }
        const struct question *question = &questions[(uint64_t)draw() * question_count >> 32];
        *slot = (struct slot){question, time, id};
        headers[count][0] = (uint8_t)(id >> 8), headers[count][1] = (uint8_t)id;
        vectors[count][0] = (struct iovec){headers[count], 2};
        vectors[count][1] = (struct iovec){(void *)(question->octets + 2), question->length - 2u};
        packets[count].msg_hdr = (struct msghdr){.msg_iov = vectors[count], .msg_iovlen = 2};
        count++;
    }
    for (unsigned done = 0; done < count;) {
        int more = sendmmsg(client->descriptor, packets + done, count - done, 0);
        done += more > 0 ? (unsigned)more : 0;
    }
    client->under_way += count;
    sent += count;
}

static int is_right(const struct question *question, const uint8_t *response, unsigned length) {
    if (!(response[2] & 0x80)) return 0;
    if (blind) return 1;
    unsigned end = question->length;
    if (question->octets[11]) end -= 11;  // the query's OPT record
    return (response[3] & 15) == question->code && number(response + 6) == question->answers && length >= end &&
           memcmp(response + 12, question->octets + 12, end - 12) == 0;
}

// Takes in what has come back to a socket; the number of responses.
static unsigned take(struct client *client) {
    static uint8_t memory[BATCH][RESPONSE];
    static struct iovec vectors[BATCH];
    static struct mmsghdr packets[BATCH];
    if (!vectors[0].iov_base)
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){memory[i], RESPONSE};
            packets[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
    int count = recvmmsg(client->descriptor, packets, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        uint16_t id = number(memory[i]);
        struct slot *slot = &client->slots[id % SLOTS];
        if (packets[i].msg_len < 12 || !slot->question || slot->id != id) {
            wrong++;  // to no query of ours, or twice
            continue;
        }
        if (is_right(slot->question, memory[i], packets[i].msg_len)) answered++;
        else wrong++;
        octets += packets[i].msg_len;
        for (int j = 0; j < 3; j++) records[j] += number(memory[i] + 6 + 2 * j);
        slot->question = NULL;
        client->under_way--;
    }
    return count > 0 ? (unsigned)count : 0;
}

int main(int count, char **arguments) {
    if (count < 6) return fprintf(stderr, "usage: generator PORT QUESTIONS SECONDS RATE WINDOW [blind]\n"), 64;
    load(arguments[2]);
    uint64_t duration = (uint64_t)(atof(arguments[3]) * 1e9);
    double rate = atof(arguments[4]);
    unsigned window = (unsigned)atoi(arguments[5]);
    if (window < 1 || window > SLOTS / 2) return fprintf(stderr, "WINDOW: 1 to %d\n", SLOTS / 2), 64;
    blind = count > 6;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < SOCKETS; i++) {
        int buffer = 4 << 20;
        clients[i].descriptor = socket(AF_INET, SOCK_DGRAM, 0);
        // What is lost here would be counted against the server.
        if (setsockopt(clients[i].descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
            setsockopt(clients[i].descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        if (connect(clients[i].descriptor, (struct sockaddr *)&address, sizeof address) != 0) return perror("connect"), 1;
    }
    uint64_t start = now(), time = start, idle = start;
    for (unsigned turn = 0; time - start < duration; turn++) {
        struct client *client = &clients[turn % SOCKETS];
        unsigned taken = take(client);
        time = now();
        if (rate > 0) {
            uint64_t due = (uint64_t)((double)(time - start) * rate / 1e9);
            if (due > sent) ask(client, (unsigned)(due - sent), time);
        } else {
            if (client->under_way < window) ask(client, window - client->under_way, time);
            // With every socket silent for long, what is under way was lost: make room for more.
            if (taken) idle = time;
            if (time - idle > LOST) {
                for (int i = 0; i < SOCKETS; i++) {
                    for (int j = 0; j < SLOTS; j++) lost += clients[i].slots[j].question != NULL, clients[i].slots[j].question = NULL;
                    clients[i].under_way = 0;
                }
                idle = time;
            }
        }
    }
    uint64_t in_time = answered, end = time;
    while (time - end < LOST) {
        for (int i = 0; i < SOCKETS; i++) take(&clients[i]);
        uint64_t left = 0;
        for (int i = 0; i < SOCKETS; i++) left += clients[i].under_way;
        if (left == 0) break;
        time = now();
    }
    for (int i = 0; i < SOCKETS; i++) lost += clients[i].under_way;
    uint64_t responses = answered + wrong ? answered + wrong : 1;
    printf("{\"sent\": %lu, \"answered\": %lu, \"in_time\": %lu, \"wrong\": %lu, \"lost\": %lu, \"behind\": %lu, \"seconds\": %.6f, ", sent,
           answered, in_time, wrong, lost, behind, (double)(end - start) / 1e9);
    printf("\"octets\": %.1f, \"records\": [%.2f, %.2f, %.2f]}\n", (double)octets / (double)responses, (double)records[0] / (double)responses,
           (double)records[1] / (double)responses, (double)records[2] / (double)responses);
    return wrong ? 1 : 0;
}
