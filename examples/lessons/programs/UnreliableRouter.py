"""A router between a client and a server that loses the first datagram."""

import sys
from socket import *

routerSocket = socket(AF_INET, SOCK_DGRAM)
routerSocket.bind(("", int(sys.argv[1])))
serverAddress = (sys.argv[2], int(sys.argv[3]))
clientAddress = None
lost = False
while True:
    message, address = routerSocket.recvfrom(2048)
    if address == serverAddress:
        routerSocket.sendto(message, clientAddress)
    elif lost:
        clientAddress = address
        routerSocket.sendto(message, serverAddress)
    else:
        lost = True
