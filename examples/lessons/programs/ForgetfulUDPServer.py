"""PairingUDPServer.py with a mistake: one variable for the addresses of two clients."""

import sys
from socket import *

serverSocket = socket(AF_INET, SOCK_DGRAM)
serverSocket.bind(("", int(sys.argv[1])))
while True:
    message1, clientAddress = serverSocket.recvfrom(2048)
    message2, clientAddress = serverSocket.recvfrom(2048)
    serverSocket.sendto(message1.upper(), clientAddress)
    serverSocket.sendto(message2.upper(), clientAddress)
