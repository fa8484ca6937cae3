/** A program on the module path. */
module hello {
  requires io.capsock;
}
