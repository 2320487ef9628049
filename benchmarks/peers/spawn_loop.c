/* The limit: posix_spawn and wait, nothing else.
 *
 *   spawn_loop JOBS AT_ONCE FOLDER     prints jobs per second
 *
 * Each job is /bin/true in a session of its own, stdout and stderr to FOLDER/N.log opened with O_APPEND, as every
 * scheduler that keeps a log per run must. Build: cc -O2 -o spawn_loop spawn_loop.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void start(int number, const char *folder)
{
    static char *const arguments[] = {"true", NULL};
    static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char path[4096];
    pid_t pid;

    snprintf(path, sizeof path, "%s/%d.log", folder, number);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    if (posix_spawn(&pid, "/bin/true", &actions, &attributes, arguments, environment) != 0) {
        perror("posix_spawn");
        exit(1);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
}

int main(int count, char **values)
{
    if (count != 4) {
        fprintf(stderr, "usage: spawn_loop JOBS AT_ONCE FOLDER\n");
        return 2;
    }
    int jobs = atoi(values[1]), at_once = atoi(values[2]), started = 0, ended = 0;
    struct timespec begin, end;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (ended < jobs) {
        while (started < jobs && started - ended < at_once)
            start(started++, values[3]);
        if (wait(NULL) > 0)
            ended++;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.1f\n", jobs / ((end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9));
    return 0;
}
