"""The lecture's TCP client: it connects, sends a line, prints the reply.

Usage: python TCPClient.py [HOST [PORT]]        (default localhost 12000)
"""

import sys

import capsock

try:
    host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else capsock.DEFAULT_PORT
    with capsock.TcpClient(host, port) as client:
        sentence = input("Input lowercase sentence: ")
        print("From Server:", client.request(sentence))
except (OSError, ValueError, OverflowError, EOFError) as error:
    sys.exit(f"TCPClient: {error}")
