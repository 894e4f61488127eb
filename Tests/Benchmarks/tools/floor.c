// The least that any DNS server has to do: take packets in batches, send as many octets back as an answer has, look at nothing.
//
// floor PORT OCTETS: at 127.0.0.1, with responses of so many octets each (those of the query, then zeros); prints its port when it serves.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT = 4096 + 64 };

static char memory[BATCH][SLOT];
static struct sockaddr_in addresses[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr packets[BATCH];

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: floor PORT OCTETS\n"), 64;
    size_t length = (size_t)atoi(arguments[2]);
    if (length < 12 || length > SLOT) return fprintf(stderr, "octets: 12 to %d\n", SLOT), 64;
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int buffer = 4 << 20;
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(descriptor, (struct sockaddr *)&address, size) != 0) return perror("bind"), 1;
    getsockname(descriptor, (struct sockaddr *)&address, &size);
    printf("listening 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){memory[i], SLOT};
            packets[i].msg_hdr =
                (struct msghdr){.msg_name = &addresses[i], .msg_namelen = sizeof addresses[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        int received = recvmmsg(descriptor, packets, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < received; i++) {
            memory[i][2] |= (char)0x80;
            if (packets[i].msg_len < length) memset(memory[i] + packets[i].msg_len, 0, length - packets[i].msg_len);
            vectors[i].iov_len = length;
        }
        for (int sent = 0; sent < received;) {
            int more = sendmmsg(descriptor, packets + sent, (unsigned)(received - sent), 0);
            sent += more > 0 ? more : 1;
        }
    }
}
