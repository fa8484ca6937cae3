"""The textbook's UDP pinger: ten pings, one after another, each with a time limit of a second."""

import sys
import time
from socket import *

serverAddress = (sys.argv[1], int(sys.argv[2]))
clientSocket = socket(AF_INET, SOCK_DGRAM)
clientSocket.settimeout(1)
for number in range(1, 11):
    begin = time.time()
    clientSocket.sendto(f"Ping {number}".encode(), serverAddress)
    try:
        reply, address = clientSocket.recvfrom(1024)
        print(reply.decode(), "RTT", round(time.time() - begin, 6), "s")
    except timeout:
        print("Request timed out")
clientSocket.close()
