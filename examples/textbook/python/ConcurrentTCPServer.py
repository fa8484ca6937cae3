"""Concurrent TCP server: serves each client in a thread, so that no client waits for another.

Usage: python ConcurrentTCPServer.py [PORT]        (default port 12000; Ctrl-C stops it)

One line differs from the textbook's program: the import, where it has `from socket import *`. With that line,
the program runs unchanged by `python -m capsock run ConcurrentTCPServer.py`.
"""

import sys
import threading
from capsock.socket import *


def serve(connectionSocket, addr):
    sentence = connectionSocket.recv(1024).decode()
    capitalizedSentence = sentence.upper()
    connectionSocket.send(capitalizedSentence.encode())
    connectionSocket.close()


def main():
    serverPort = int(sys.argv[1]) if len(sys.argv) > 1 else 12000
    serverSocket = socket(AF_INET, SOCK_STREAM)
    serverSocket.bind(("", serverPort))
    serverSocket.listen(1)
    print("The server is ready to receive", flush=True)
    while True:
        connectionSocket, addr = serverSocket.accept()
        server = threading.Thread(target=serve, args=[connectionSocket, addr])
        server.start()


main()
