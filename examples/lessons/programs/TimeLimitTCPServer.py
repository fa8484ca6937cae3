"""The textbook's TCP server, but it waits two seconds for a sentence, and then serves the next client."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(("", int(sys.argv[1])))
serverSocket.listen(1)
while True:
    connectionSocket, addr = serverSocket.accept()
    connectionSocket.settimeout(2)
    try:
        sentence = connectionSocket.recv(1024).decode()
        connectionSocket.send(sentence.upper().encode())
    except timeout:
        print("A client sent nothing")
    connectionSocket.close()
