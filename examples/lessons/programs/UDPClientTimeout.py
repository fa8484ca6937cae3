"""The textbook's UDP client, but with a time limit for the reply, which may have been lost."""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
clientSocket.settimeout(2)
message = input("Input lowercase sentence: ")
clientSocket.sendto(message.encode(), (sys.argv[1], int(sys.argv[2])))
try:
    modifiedMessage, serverAddress = clientSocket.recvfrom(2048)
    print("From Server:", modifiedMessage.decode())
except timeout:
    print("No reply")
clientSocket.close()
