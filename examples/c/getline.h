/* getline(3), which Windows has not. */
#ifndef GETLINE_H
#define GETLINE_H

#include <stdio.h>
#include <stdlib.h>

static inline long getline(char **line, size_t *size, FILE *file) {
  size_t length = 0;
  for (;;) {
    int next;
    if (length + 2 > *size) {
      char *longer = realloc(*line, *size * 2 + 128);
      if (longer == NULL)
        return -1;
      *line = longer;
      *size = *size * 2 + 128;
    }
    next = getc(file);
    if (next == EOF)
      break;
    (*line)[length++] = (char)next;
    if (next == '\n')
      break;
  }
  (*line)[length] = '\0';
  return length > 0 ? (long)length : -1;
}

#endif
