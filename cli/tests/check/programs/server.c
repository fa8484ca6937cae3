/* A server of upper case in ASCII: tcp or udp, PORT, and the fault that it is to have, by the probe's name. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 17 };
static const char *fault;

static int is(const char *name)
{
    return strcmp(fault, name) == 0;
}

static void upper(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is("not-text") && (text[i] & 0x80))
            abort();
        if (!is("answers"))
            text[i] = (char)toupper((unsigned char)text[i]);
    }
    if (is("keeps-well"))
        malloc(64 << 10) == NULL ? abort() : (void)open("/dev/null", O_RDONLY);
}

static void *serve(void *argument)
{
    int connection = *(int *)argument;
    char *line = malloc(MOST);
    size_t length = 0;
    int asked = 0;
    free(argument);
    for (;;) {
        ssize_t got = recv(connection, line + length, MOST - length, 0);
        if (got < 0 && is("reset"))
            exit(3);
        if (got == 0 && !asked && is("empty"))
            exit(3);
        if (got <= 0)
            break;
        asked = 1;
        length += (size_t)got;
        char *end;
        while ((end = memchr(line, '\n', length)) != NULL || (is("split") && length > 0)) {
            size_t used = end == NULL ? length : (size_t)(end - line) + 1;
            upper(line, used);
            size_t sent = is("long") && used > 1024 ? 1024 : used;
            sent = is("exact") ? 1024 : sent;
            send(connection, line, sent, is("leaves") ? 0 : MSG_NOSIGNAL);
            length = is("joined") ? 0 : length - used;
            memmove(line, line + used, length);
            if (is("split"))
                goto answered;
        }
    }
answered:
    free(line);
    if (!is("half-close"))
        close(connection);
    return NULL;
}

static void udp(int server)
{
    static char message[1 << 16];
    struct sockaddr_in client, first = {0};
    for (;;) {
        socklen_t size = sizeof client;
        ssize_t got = recvfrom(server, message, is("long") ? 2048 : sizeof message, 0, (struct sockaddr *)&client, &size);
        if (got == 0 && is("empty"))
            exit(3);
        if (first.sin_port == 0)
            first = client;
        upper(message, (size_t)got);
        sendto(server, message, is("exact") ? 1024 : (size_t)got, 0,
               (struct sockaddr *)(is("two-clients") ? &first : &client), sizeof client);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    fault = argv[3];
    int stream = strcmp(argv[1], "tcp") == 0, yes = 1;
    int server = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!is("restarts"))
        setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    else if (!stream)
        signal(SIGINT, SIG_IGN);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("bind");
        return 1;
    }
    if (!stream)
        udp(server);
    listen(server, 128);
    for (;;) {
        int *connection = malloc(sizeof *connection);
        *connection = accept(server, NULL, NULL);
        pthread_t thread;
        if (is("silent-client"))
            serve(connection);
        else if (pthread_create(&thread, NULL, serve, connection) == 0)
            pthread_detach(thread);
    }
}
