/* A job that prints: LINES lines of 80 bytes to its standard output, as stdio does it.
 *
 *   print_lines LINES                  Build: cc -O2 -o print_lines print_lines.c
 */
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **values)
{
    long lines = count == 2 ? atol(values[1]) : 0;

    for (long number = 0; number < lines; number++)
        printf("%010ld %068ld\n", number, number * 2654435761L % 1000000007L);
    return 0;
}
