// Prints how many milliseconds getaddrinfo takes for a name, and the first address that it finds. Built with musl, whose stub asks once and waits
// where it does not like the answer.
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>

int main(int count, char **arguments) {
    struct timespec before, after;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = 0;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int code = count > 1 ? getaddrinfo(arguments[1], 0, &hints, &found) : EAI_FAIL;
    clock_gettime(CLOCK_MONOTONIC, &after);
    char text[INET_ADDRSTRLEN] = "none";
    if (!code) inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text);
    long took = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    printf("%ld %s\n", took, text);
    return 0;
}
