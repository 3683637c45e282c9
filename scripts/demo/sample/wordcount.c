#include <ctype.h>
#include <stdio.h>

/* Counts lines and words of its input. */
int main(void) {
    unsigned long lines = 0, words = 0;
    int in_word = 0;
    for (int c = getchar(); c != EOF; c = getchar()) {
        if (c == '\n') lines++;
        if (isspace(c)) {
            in_word = 0;
        } else if (!in_word) {
            in_word = 1;
            words++;
        }
    }
    printf("%lu lines, %lu words\n", lines, words);
    return 0;
}
