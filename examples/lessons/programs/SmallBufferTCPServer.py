"""The textbook's TCP server, but it receives at most six bytes at once, until the line is complete."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(("", int(sys.argv[1])))
serverSocket.listen(1)
while True:
    connectionSocket, addr = serverSocket.accept()
    sentence = b""
    while not sentence.endswith(b"\n"):
        piece = connectionSocket.recv(6)
        if not piece:
            break
        sentence += piece
    connectionSocket.send(sentence.upper())
    connectionSocket.close()
