"""The keeper: parent of every local run. It starts them, waits for them, ends them; it decides nothing.

Run by `python -I -S` with `serve SOCKET [IDLE]` (`connection.RUN`). It lives apart from the engine so that runs and
their exit codes survive the engine, a start does not cost more as the engine grows, and the peak memory that wait4
tells is true (a child's begins at its parent's). Hence the standard library only, no typing, no dataclasses, no pathlib:
it stays near 11 MiB, and everything that must go on without an engine is here: deadlines, limits, stops and pauses under way.
Its modules import each other relatively, for the package is `keeper` in its own process and `engine.executors.local.keeper` in the
engine, which shares the `link`, the reading of `processes` and their `usage`.

One engine at a time talks to it over a SOCK_SEQPACKET socket. A packet is a JSON list of messages, a message is
`[verb, *arguments]`: orders are the methods named in `Keeper.orders`, reports are built beside their cause.
Ends (`ended`, `spawn_failed`) are kept until acknowledged. The keeper leaves when nothing lives and nothing is kept:
at once after an orderly goodbye, else after IDLE (60) seconds without an engine. While ends are unacknowledged or
launches wait it stays up to `KEPT_FOR`, unless its socket's path is no longer its own, so that nobody could ask.

Where a cgroup v2 hierarchy lets us (`Groups`), a run with a limit of its tree gets a group as well: killed and stopped at one
blow, and held by the kernel itself where the controllers are there.

Membership: each run is spawned under its own soft RLIMIT_LOCKS, its tag. The limit has had no effect since Linux
2.4.25, but fork, exec, setsid and `env -i` all hand it on. Sessions alone lose every double fork.

Single-threaded, and it must never block: it is everybody's parent. That is also what makes it safe to change its own
directory, umask and limit around a spawn and to set them back.
"""
