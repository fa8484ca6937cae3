/* A client: tcp or udp, PORT, and the fault that it is to have, by the probe's name. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const char *fault = argv[3];
    int stream = strcmp(argv[1], "tcp") == 0, hasty = strcmp(fault, "pieces") == 0;
    int waits = strcmp(fault, "lost-reply") == 0;
    static char text[1 << 17], reply[1 << 17];
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fgets(text, sizeof text, stdin) == NULL)
        return 1;
    int client = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    struct timeval second = {.tv_sec = 1};
    if (!stream && !waits)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    /* A connected UDP socket receives from its peer alone. */
    int connects = strcmp(fault, "stranger") != 0;
    if (connects && connect(client, (struct sockaddr *)&server, sizeof server) != 0) {
        perror("connect");
        return 1;
    }
    size_t length = stream ? strlen(text) : strcspn(text, "\n"), got = 0;
    if (strcmp(fault, "asks") == 0 && length > 1)
        length = 1;
    if (sendto(client, text, length, 0, connects ? NULL : (struct sockaddr *)&server, connects ? 0 : sizeof server) < 0)
        return 1;
    size_t room = strcmp(fault, "long") == 0 ? 1024 : sizeof reply;
    do {
        ssize_t part = recv(client, reply + got, room - got, 0);
        if (part < 0 || (part == 0 && stream)) {
            perror("recv");
            return 1;
        }
        got += (size_t)part;
    } while (stream && !hasty && got < room && memchr(reply, '\n', got) == NULL);
    printf("%.*s\n", (int)got, reply);
    return 0;
}
