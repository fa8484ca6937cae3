# To a type checker it is the standard library's module: every name has the type that it has there.
from socket import *
from socket import __all__ as __all__
