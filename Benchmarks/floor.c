// The floor that shipit is measured against: spawn and wait for no-op commands, with one durable commit (SQLite, WAL,
// synchronous=FULL) before the next one begins; wide, everything that ended meanwhile shares a commit.
//
//   floor chain|wide COUNT AT_ONCE DATABASE

#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static sqlite3 *database;
static sqlite3_stmt *begin, *commit, *insert;

static void fail(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail("step");
    sqlite3_reset(statement);
}

static void prepare(const char *sql, sqlite3_stmt **statement) {
    if (sqlite3_prepare_v2(database, sql, -1, statement, NULL) != SQLITE_OK) fail(sql);
}

static void spawn(void) {
    pid_t pid;
    char *arguments[] = {"true", NULL};
    char *environment[] = {"PATH=/usr/bin:/bin", NULL};
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environment) != 0) fail("spawn");
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 5) return 2;
    int count = atoi(arguments[2]);
    int at_once = strcmp(arguments[1], "chain") == 0 ? 1 : atoi(arguments[3]);
    if (sqlite3_open(arguments[4], &database) != SQLITE_OK) fail("open");
    if (sqlite3_exec(database,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY, body TEXT)",
                     NULL, NULL, NULL) != SQLITE_OK) fail("schema");
    prepare("BEGIN IMMEDIATE", &begin);
    prepare("COMMIT", &commit);
    prepare("INSERT INTO events (body) VALUES ('{\"type\":\"attemptFinished\",\"verdict\":\"succeeded\"}')", &insert);

    int started = 0, ended = 0;
    while (ended < count) {
        while (started < count && started - ended < at_once) {
            spawn();
            started++;
        }
        if (waitpid(-1, NULL, 0) < 0) fail("wait");
        int together = 1;
        while (waitpid(-1, NULL, WNOHANG) > 0) together++;
        step(begin);
        for (int i = 0; i < together; i++) step(insert);
        step(commit);
        ended += together;
    }
    return 0;
}
