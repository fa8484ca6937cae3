"""The textbook's TCP server, but it replies to each line, however the lines arrive."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(("", int(sys.argv[1])))
serverSocket.listen(1)
while True:
    connectionSocket, addr = serverSocket.accept()
    received = b""
    while True:
        piece = connectionSocket.recv(1024)
        if not piece:
            break
        received += piece
        while b"\n" in received:
            sentence, received = received.split(b"\n", 1)
            connectionSocket.send(sentence.upper() + b"\n")
    connectionSocket.close()
