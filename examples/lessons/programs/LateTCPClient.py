"""The textbook's TCP client, but it connects only when its user has typed the sentence."""

import sys
from socket import *

clientSocket = socket(AF_INET, SOCK_STREAM)
sentence = input("Input lowercase sentence: ")
clientSocket.connect((sys.argv[1], int(sys.argv[2])))
clientSocket.send(sentence.encode())
modifiedSentence = clientSocket.recv(1024)
print("From Server:", modifiedSentence.decode())
clientSocket.close()
