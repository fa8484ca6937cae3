"""The textbook's UDP server, but its buffer has five bytes."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", int(sys.argv[1])))
while True:
    message, clientAddress = serverSocket.recvfrom(5)
    modifiedMessage = message.decode().upper()
    serverSocket.sendto(modifiedMessage.encode(), clientAddress)
