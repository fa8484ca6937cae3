"""The textbook's UDP client, but it sends a request again that gets no reply in time."""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_DGRAM)
clientSocket.settimeout(2)
message = input("Input lowercase sentence: ")
for _ in range(5):
    clientSocket.sendto(message.encode(), (sys.argv[1], int(sys.argv[2])))
    try:
        modifiedMessage, serverAddress = clientSocket.recvfrom(2048)
        print("From Server:", modifiedMessage.decode())
        break
    except timeout:
        print("No reply")
clientSocket.close()
