"""The end of a log that is shown below the table, and the window over one of any size: what is read, without a screen."""

from __future__ import annotations

from engine.model.log_parts import LogChunk
from jobqueue_tui.console.log_window import MOST, PIECE, LogWindow
from jobqueue_tui.console.tail import WINDOW, Tail


def chunk(data: bytes, offset: int, size: int) -> LogChunk:
    """What `engine.log` would give of a file."""
    return LogChunk(data, offset, size, offset + len(data) < size)


def test_a_tail_reads_the_end_once_and_then_only_what_is_new() -> None:
    """At any rate of output, one small read per flush."""
    tail = Tail()
    assert tail.request() == (-WINDOW, WINDOW)
    assert tail.take(chunk(b"a\nb\n", 0, 4))
    assert tail.request() == (4, WINDOW)
    assert not tail.take(chunk(b"", 4, 4))
    assert tail.take(chunk(b"c\nd", 4, 7))
    assert tail.lines(2) == ["c", "d"]
    assert tail.take(chunk(b"e\n", 7, 9))
    assert tail.lines(9) == ["a", "b", "c", "de"]


def test_a_truncated_or_racing_log_is_read_from_its_end_again() -> None:
    """Smaller than seen, or more than a window behind."""
    tail = Tail()
    tail.take(chunk(b"long text\n", 0, 10))
    assert not tail.take(chunk(b"", 10, 3))
    assert tail.request() == (-WINDOW, WINDOW)
    assert tail.take(chunk(b"new", 0, 3))
    assert tail.lines(5) == ["new"]
    assert not tail.take(chunk(b"x" * WINDOW, 3, 10 * WINDOW))
    assert tail.request() == (-WINDOW, WINDOW)


def test_a_tail_keeps_its_window_and_no_half_line() -> None:
    """What lies before the window is not shown in pieces."""
    tail = Tail()
    tail.take(chunk(b"half\nwhole\n", 1000, 1011))
    assert tail.lines(5) == ["whole"]
    for number in range(100):
        data = b"%07d\n" % number * 128
        offset = tail.size or 0
        tail.take(chunk(data, offset, offset + len(data)))
    assert tail.lines(1) == ["0000099"]
    assert len(tail.lines(100_000)) <= WINDOW // 8


def test_a_line_redrawn_with_cr_is_shown_as_it_was_left() -> None:
    """Progress bars."""
    tail = Tail()
    tail.take(chunk(b"10%\r50%\r100%\r\nnext\x1b[1A\x07\n", 0, 30))
    assert tail.lines(2) == ["100%", "next␇"]
    assert tail.lines(0) == []
    assert Tail().lines(3) == []


def test_a_window_moves_over_a_file_of_any_size() -> None:
    """Pieces join without a lost or doubled line, in both directions, within its bound."""
    data = b"".join(b"%08d\n" % number for number in range(600_000))
    size = len(data)
    window = LogWindow()
    window.put(chunk(data[-PIECE:], size - PIECE, size))
    assert window.end == size
    assert window.lines[-1] == b"00599999"
    while wanted := window.before:
        offset, limit = wanted
        first = window.lines[0]
        added = window.prepend(chunk(data[offset : offset + limit], offset, size))
        assert window.lines[added] == first
        numbers = [int(line) for line in window.lines]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert window.end - window.start <= MOST
    assert window.lines[0] == b"00000000"
    while wanted := window.after:
        offset, limit = wanted
        last = len(window.lines) - 1
        kept = window.lines[last - 100]
        dropped = window.append(chunk(data[offset : offset + limit], offset, size))
        assert window.lines[last - 100 - dropped] == kept
        assert window.end - window.start <= MOST
    assert window.lines[-1] == b"00599999"


def test_a_line_longer_than_a_piece_is_shown_from_where_it_was_cut() -> None:
    """No newline in sight must not stop the way to the front."""
    size = 5 * PIECE
    window = LogWindow()
    window.put(chunk(b"x" * PIECE, size - PIECE, size))
    steps = 0
    while wanted := window.before:
        window.prepend(chunk(b"x" * wanted[1], wanted[0], size))
        steps += 1
    assert (window.start, window.end, steps) == (0, size, 4)


def test_a_last_line_longer_than_a_piece_is_shown_from_where_it_was_cut() -> None:
    """With its line feed or without: what the log ends with is there."""
    for end in (b"", b"\n"):
        size = PIECE + 1000
        window = LogWindow()
        window.put(chunk((b"x" * PIECE + end)[-PIECE:], size - PIECE, size))
        assert [set(line) for line in window.lines] == [set(b"x")]


def test_a_piece_that_does_not_fit_is_not_taken() -> None:
    """Two readers at once: the later one finds the window moved."""
    window = LogWindow()
    window.put(chunk(b"ab\ncd\n", 0, 20))
    assert window.append(chunk(b"zz", 10, 20)) == 0
    assert window.prepend(chunk(b"zz", 3, 20)) == 0
    assert window.lines == [b"ab", b"cd"]


def test_a_window_goes_over_what_was_cut_out() -> None:
    """In both directions; positions on both sides are those of the log."""
    gap = (20, 1000)
    head, tail = b"one\n" * 5, b"two\n" * 5
    window = LogWindow()
    window.put(LogChunk(tail, 1000, 1020, more=False, gap=gap))
    assert (window.lines, window.before, window.offset_of(1)) == ([b"two"] * 5, (0, 20), 1004)
    assert window.prepend(LogChunk(head, 0, 1020, more=True, gap=gap)) == 5
    assert [window.offset_of(n) for n in (0, 4, 5, 9, 10)] == [0, 16, 1000, 1016, 1020]
    assert [window.line_at(at) for at in (0, 17, 500, 1000, 1019)] == [0, 4, 5, 5, 9]
    assert (window.before, window.after, window.end) == (None, None, 1020)
    down = LogWindow()
    down.put(LogChunk(head, 0, 1020, more=True, gap=gap))
    assert down.after == (20, PIECE)
    down.append(LogChunk(tail, 1000, 1020, more=False, gap=gap))
    assert (down.lines, down.end, down.offset_of(5)) == ([b"one"] * 5 + [b"two"] * 5, 1020, 1000)
