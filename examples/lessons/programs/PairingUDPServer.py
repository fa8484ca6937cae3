"""A UDP server that receives a message from each of two clients before it replies to both."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", int(sys.argv[1])))
while True:
    message1, clientAddress1 = serverSocket.recvfrom(2048)
    message2, clientAddress2 = serverSocket.recvfrom(2048)
    serverSocket.sendto(message1.upper(), clientAddress1)
    serverSocket.sendto(message2.upper(), clientAddress2)
