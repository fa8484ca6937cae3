"""A UDP client that connects its socket: connect() sends nothing, but the kernel then reports ICMP
errors from the server."""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
clientSocket.connect((sys.argv[1], int(sys.argv[2])))
message = input("Input lowercase sentence: ")
clientSocket.send(message.encode())
try:
    print("From Server:", clientSocket.recv(2048).decode())
except ConnectionRefusedError:
    print("Nobody is there")
clientSocket.close()
